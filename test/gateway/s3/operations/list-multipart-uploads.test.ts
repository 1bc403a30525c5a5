// ListMultipartUploads against the real embedded engines.
import assert from 'node:assert'
import type { Reply } from '../../../../gateway/reply.ts'
import { listMultipartUploads } from '../../../../gateway/s3/operations/list-multipart-uploads.ts'
import { describe } from '../../../support/describe.ts'
import { GatewayHarness } from '../../../support/gateway-harness.ts'
import { element, elements, MultipartClient } from '../../../support/multipart-client.ts'

const bucket = 'uploads'
const keys = ['a', 'b/1', 'b/2', 'c', 'c', 'c', 'd e/f']

describe('ListMultipartUploads', (test) => {
  let harness: GatewayHarness
  const begun: { readonly key: string; readonly id: string }[] = []
  const list = (query: string) =>
    harness.run(listMultipartUploads, { bucket, query: `uploads&${query}` })
  const shown = (reply: Reply) => {
    const ids = elements(reply, 'UploadId')
    return elements(reply, 'Key').map((key, at) => ({ key, id: ids[at] }))
  }
  test.before(async () => {
    harness = await GatewayHarness.open()
    await harness.makeBucket(bucket)
    for (const key of keys) {
      harness.nowMs += 1000
      const upload = await MultipartClient.begin(harness, { bucket, key })
      begun.push({ key, id: upload.uploadId })
    }
  })
  test.after(() => harness.close())

  test('shows uploads by key, and of one key the older first', async () => {
    const reply = await list('')
    assert.deepEqual(shown(reply), begun)
    assert.equal(element(reply, 'Initiated'), '2026-11-21T08:00:01.000Z')
    assert.equal(element(reply, 'IsTruncated'), 'false')
  })

  test('gathers keys under a delimiter', async () => {
    const reply = await list('delimiter=/&encoding-type=url')
    assert.deepEqual(elements(reply, 'Key'), ['a', 'c', 'c', 'c'])
    assert.equal(elements(reply, 'Prefix').slice(1).join(), 'b/,d+e/')
    const inside = await list('delimiter=/&prefix=b/')
    assert.deepEqual(elements(inside, 'Key'), ['b/1', 'b/2'])
  })

  for (const query of ['', 'delimiter=/&']) {
    test(`pages of any length give the same ("${query}")`, async () => {
      const all = await list(query)
      const prefixes = elements(all, 'Prefix').slice(1)
      for (let length = 1; length <= keys.length; length += 1) {
        const uploads = []
        const groups = []
        let marker = ''
        for (;;) {
          const page = await list(`${query}max-uploads=${length}${marker}`)
          uploads.push(...shown(page))
          groups.push(...elements(page, 'Prefix').slice(1))
          if (element(page, 'IsTruncated') === 'false') break
          const key = encodeURIComponent(element(page, 'NextKeyMarker'))
          marker = `&key-marker=${key}&upload-id-marker=${element(page, 'NextUploadIdMarker')}`
        }
        assert.deepEqual(uploads, shown(all))
        assert.deepEqual(groups, prefixes)
      }
    })
  }

  test('a key marker alone passes over the uploads of that key', async () => {
    assert.deepEqual(elements(await list('key-marker=c'), 'Key'), ['d e/f'])
  })

  test('an empty page that was asked for is complete', async () => {
    const reply = await list('max-uploads=0')
    assert.deepEqual(elements(reply, 'Key'), [])
    assert.equal(element(reply, 'IsTruncated'), 'false')
  })

  test('needs a bucket', async () => {
    const request = { bucket: 'elsewhere', query: 'uploads' }
    assert.equal((await harness.refusal(listMultipartUploads, request)).code, 'NoSuchBucket')
  })
})
