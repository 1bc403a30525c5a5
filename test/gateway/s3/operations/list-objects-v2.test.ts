import assert from 'node:assert/strict'
import { ownerId } from '../../../../gateway/access/owner.ts'
import { listObjectsV2 } from '../../../../gateway/s3/operations/list-objects-v2.ts'
import { putObject } from '../../../../gateway/s3/operations/put-object.ts'
import type { XmlElement } from '../../../../protocol/s3/xml/xml-reader.ts'
import { describe } from '../../../support/describe.ts'
import { GatewayHarness, headerOf } from '../../../support/gateway-harness.ts'
import { awkwardKeys, awkwardText, modelListing } from '../../../support/listing-model.ts'
import { childrenOf, textOf, textsOf, xmlOf } from '../../../support/reply-xml.ts'
import { seededBytes } from '../../../support/seeded-bytes.ts'

const encoded = (text: string) => encodeURIComponent(text)
const decoded = (text: string) => decodeURIComponent(text.replaceAll('+', ' '))
const keysOf = (page: XmlElement) => textsOf(page, 'Contents', 'Key')
const prefixesOf = (page: XmlElement) => textsOf(page, 'CommonPrefixes', 'Prefix')

describe('ListObjectsV2', (test) => {
  let harness: GatewayHarness
  test.before(async () => {
    harness = await GatewayHarness.open()
    await harness.makeBucket('photos')
    for (const key of ['a', 'b/1', 'b/2', 'c']) {
      await harness.run(putObject, { bucket: 'photos', key, body: key })
    }
  })
  test.after(() => harness.close())

  const page = async (query: string, bucket = 'photos') =>
    xmlOf(
      await harness.run(listObjectsV2, { bucket, query: `list-type=2&${query}` }),
      'ListBucketResult',
    )

  test('counts keys and common prefixes together', async () => {
    const listed = await page('delimiter=/')
    assert.deepEqual([keysOf(listed), prefixesOf(listed)], [['a', 'c'], ['b/']])
    assert.equal(textOf(listed, 'KeyCount'), '3')
    assert.equal(textOf(listed, 'Delimiter'), '/')
  })

  test('goes on with the token of the page before, over groups too', async () => {
    const first = await page('delimiter=/&max-keys=2')
    assert.deepEqual([keysOf(first), prefixesOf(first)], [['a'], ['b/']])
    const token = textOf(first, 'NextContinuationToken') ?? ''
    const second = await page(`delimiter=/&max-keys=2&continuation-token=${token}&start-after=zzz`)
    assert.deepEqual([keysOf(second), prefixesOf(second)], [['c'], []])
    assert.equal(textOf(second, 'ContinuationToken'), token)
    assert.equal(textOf(second, 'NextContinuationToken'), undefined)
    assert.equal(textOf(second, 'StartAfter'), 'zzz')
  })

  test('begins behind start-after, and echoes it', async () => {
    const listed = await page('start-after=b/1')
    assert.deepEqual(keysOf(listed), ['b/2', 'c'])
    assert.equal(textOf(listed, 'StartAfter'), 'b/1')
  })

  test('shows the owner only when asked to', async () => {
    const bare = childrenOf(await page(''), 'Contents')[0]
    const owned = childrenOf(await page('fetch-owner=true'), 'Contents')[0]
    assert.ok(bare && owned)
    assert.deepEqual(childrenOf(bare, 'Owner'), [])
    const owner = childrenOf(owned, 'Owner')[0]
    assert.ok(owner)
    assert.equal(textOf(owner, 'ID'), ownerId(harness.keys.tenantId))
  })

  test('echoes neither an empty delimiter nor an encoding nobody asked for', async () => {
    const listed = await page('delimiter=&start-after=')
    for (const name of ['Delimiter', 'EncodingType', 'StartAfter', 'Marker', 'ContinuationToken']) {
      assert.equal(textOf(listed, name), undefined)
    }
    assert.equal(textOf(listed, 'Prefix'), '')
  })

  test('answers a page of nothing with nothing', async () => {
    const listed = await page('max-keys=0')
    assert.deepEqual(
      ['KeyCount', 'MaxKeys', 'IsTruncated'].map((name) => textOf(listed, name)),
      ['0', '0', 'false'],
    )
  })

  test('refuses tokens of its own imagination', async () => {
    for (const token of ['', 'a', 'YQ==']) {
      const query = `list-type=2&continuation-token=${encoded(token)}`
      const error = await harness.refusal(listObjectsV2, { bucket: 'photos', query })
      assert.deepEqual(
        [error.code, error.message, error.details.ArgumentName],
        ['InvalidArgument', 'The continuation token provided is incorrect', 'continuation-token'],
      )
    }
  })

  test('tells the region, and does not find buckets that are not there', async () => {
    const query = 'list-type=2'
    const reply = await harness.run(listObjectsV2, { bucket: 'photos', query })
    assert.equal(headerOf(reply, 'x-amz-bucket-region'), 'us-east-1')
    const error = await harness.refusal(listObjectsV2, { bucket: 'nothing', query })
    assert.equal(error.code, 'NoSuchBucket')
  })

  test('shows the same through tokens, page by page, as it would in one page', async () => {
    const random = seededBytes()
    await harness.makeBucket('awkward')
    const all = awkwardKeys(random, 120)
    for (const key of all) await harness.run(putObject, { bucket: 'awkward', key })
    for (let round = 0; round < 60; round += 1) {
      const prefix = awkwardText(random, 2)
      const delimiter = ['', '/', 'a', '//'][random.integer(4)] ?? ''
      const after = awkwardText(random, 4)
      const limit = 1 + random.integer(9)
      const fixed = `prefix=${encoded(prefix)}&delimiter=${encoded(delimiter)}&encoding-type=url&max-keys=${limit}&start-after=${encoded(after)}`
      let token: string | undefined
      const seen: { is: string; text: string }[] = []
      do {
        const query = token === undefined ? fixed : `${fixed}&continuation-token=${token}`
        const listed = await page(query, 'awkward')
        const shown = [
          ...keysOf(listed).map((text) => ({ is: 'key', text: decoded(text) })),
          ...prefixesOf(listed).map((text) => ({ is: 'prefix', text: decoded(text) })),
        ].sort((a, b) => Buffer.compare(Buffer.from(a.text), Buffer.from(b.text)))
        assert.equal(textOf(listed, 'KeyCount'), String(shown.length))
        token = textOf(listed, 'NextContinuationToken')
        if (token !== undefined) assert.equal(shown.length, limit)
        seen.push(...shown)
      } while (token !== undefined)
      assert.deepEqual(seen, modelListing(all, { prefix, delimiter, after }))
    }
  })
})
