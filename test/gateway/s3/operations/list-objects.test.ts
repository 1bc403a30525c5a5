import assert from 'node:assert/strict'
import { deleteObject } from '../../../../gateway/s3/operations/delete-object.ts'
import { listObjects } from '../../../../gateway/s3/operations/list-objects.ts'
import { listObjectsV2 } from '../../../../gateway/s3/operations/list-objects-v2.ts'
import { putObject } from '../../../../gateway/s3/operations/put-object.ts'
import { defaultNamespace } from '../../../../metadata/namespaces.ts'
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

describe('ListObjects', (test) => {
  let harness: GatewayHarness
  const keys = ['asdf', 'boo/bar', 'boo/baz/xyzzy', 'cquux/bla', 'cquux/thud', 'd']
  test.before(async () => {
    harness = await GatewayHarness.open()
    await harness.makeBucket('photos')
    for (const key of keys) await harness.run(putObject, { bucket: 'photos', key, body: key })
  })
  test.after(() => harness.close())

  const page = async (query: string, bucket = 'photos') =>
    xmlOf(await harness.run(listObjects, { bucket, query }), 'ListBucketResult')

  test('shows what is known of an object', async () => {
    const reply = await harness.run(listObjects, { bucket: 'photos', query: 'max-keys=1' })
    assert.equal(headerOf(reply, 'x-amz-bucket-region'), 'us-east-1')
    const contents = childrenOf(await xmlOf(reply, 'ListBucketResult'), 'Contents')[0]
    assert.ok(contents)
    const { checksum } = await stored('asdf')
    assert.deepEqual(
      contents.children.map((child) => [child.name, child.text]),
      [
        ['Key', 'asdf'],
        ['LastModified', '2026-11-21T08:00:00.000Z'],
        ['ETag', '"912ec803b2ce49e4a541068d495ab570"'],
        ['ChecksumAlgorithm', checksum?.algorithm],
        ['ChecksumType', checksum?.type],
        ['Size', '4'],
        ['Owner', ''],
        ['StorageClass', 'STANDARD'],
      ],
    )
  })

  const stored = async (key: string) => {
    const { buckets, objects } = harness.services.metadata
    const bucket = await buckets.get(defaultNamespace, 'photos')
    assert.ok(bucket)
    const version = await objects.get(bucket, key)
    assert.ok(version?.is === 'object')
    return version
  }

  test('lists all keys in byte order', async () => {
    const listed = await page('')
    assert.deepEqual(keysOf(listed), keys)
    assert.equal(textOf(listed, 'IsTruncated'), 'false')
    assert.equal(textOf(listed, 'NextMarker'), undefined)
  })

  test('goes on behind a marker, be it a key or not', async () => {
    assert.deepEqual(keysOf(await page('marker=cquux/bla')), ['cquux/thud', 'd'])
    assert.deepEqual(keysOf(await page('marker=cquux')), ['cquux/bla', 'cquux/thud', 'd'])
    assert.deepEqual(keysOf(await page('marker=zzz')), [])
  })

  test('steps over a whole group when the marker is its common prefix, or lies in it', async () => {
    for (const marker of ['boo/', 'boo/bar', 'boo/zzz']) {
      const listed = await page(`delimiter=/&max-keys=1&marker=${marker}`)
      assert.deepEqual(prefixesOf(listed), ['cquux/'])
      assert.equal(textOf(listed, 'NextMarker'), 'cquux/')
    }
    assert.deepEqual(prefixesOf(await page('delimiter=/&marker=boo')), ['boo/', 'cquux/'])
  })

  test('is complete when it ends with the last group', async () => {
    const listed = await page('delimiter=/&max-keys=2&marker=boo/&prefix=')
    assert.deepEqual([prefixesOf(listed), keysOf(listed)], [['cquux/'], ['d']])
    assert.equal(textOf(listed, 'IsTruncated'), 'false')
  })

  test('groups behind the prefix only', async () => {
    const listed = await page('delimiter=/&prefix=boo/')
    assert.deepEqual([prefixesOf(listed), keysOf(listed)], [['boo/baz/'], ['boo/bar']])
  })

  test('answers a page of nothing with nothing, as a complete one', async () => {
    const listed = await page('max-keys=0')
    assert.deepEqual(keysOf(listed), [])
    assert.equal(textOf(listed, 'MaxKeys'), '0')
    assert.equal(textOf(listed, 'IsTruncated'), 'false')
  })

  test('never shows more than a thousand', async () => {
    assert.equal(textOf(await page('max-keys=5000'), 'MaxKeys'), '1000')
  })

  test('does not show objects under a delete marker', async () => {
    await harness.makeBucket('versioned', 'enabled')
    for (const key of ['a', 'b']) await harness.run(putObject, { bucket: 'versioned', key })
    await harness.run(deleteObject, { bucket: 'versioned', key: 'a' })
    assert.deepEqual(keysOf(await page('', 'versioned')), ['b'])
  })

  test('refuses what it cannot read, and buckets that are not there', async () => {
    const refused = [
      ['encoding-type=base64', 'InvalidArgument'],
      ['max-keys=-1', 'InvalidArgument'],
      ['max-keys=x', 'InvalidArgument'],
    ] as const
    for (const [query, code] of refused) {
      assert.equal((await harness.refusal(listObjects, { bucket: 'photos', query })).code, code)
    }
    assert.equal((await harness.refusal(listObjects, { bucket: 'nothing' })).code, 'NoSuchBucket')
  })

  test('shows the same through markers, page by page, as it would in one page', async () => {
    const random = seededBytes()
    await harness.makeBucket('awkward')
    const all = awkwardKeys(random, 120)
    for (const key of all) await harness.run(putObject, { bucket: 'awkward', key })
    for (let round = 0; round < 60; round += 1) {
      const prefix = awkwardText(random, 2)
      const delimiter = ['', '/', 'a', '//'][random.integer(4)] ?? ''
      const after = awkwardText(random, 4)
      const fixed = `prefix=${encoded(prefix)}&delimiter=${encoded(delimiter)}&encoding-type=url&max-keys=${1 + random.integer(9)}`
      let marker = after
      const seen: { is: string; text: string }[] = []
      for (;;) {
        const listed = await page(`${fixed}&marker=${encoded(marker)}`, 'awkward')
        const shown = [
          ...keysOf(listed).map((text) => ({ is: 'key', text: decoded(text) })),
          ...prefixesOf(listed).map((text) => ({ is: 'prefix', text: decoded(text) })),
        ].sort((a, b) => Buffer.compare(Buffer.from(a.text), Buffer.from(b.text)))
        seen.push(...shown)
        if (textOf(listed, 'IsTruncated') === 'false') break
        const next = textOf(listed, 'NextMarker')
        assert.equal(next !== undefined, delimiter !== '')
        marker = next === undefined ? (shown.at(-1)?.text ?? '') : decoded(next)
      }
      assert.deepEqual(seen, modelListing(all, { prefix, delimiter, after }))
    }
  })
})

describe('a bucket GET with a list-type other than 2', (test) => {
  test('is ListObjects', async () => {
    const harness = await GatewayHarness.open()
    await harness.makeBucket('photos')
    const reply = await harness.run(listObjectsV2, { bucket: 'photos', query: 'list-type=1' })
    assert.equal(textOf(await xmlOf(reply, 'ListBucketResult'), 'Marker'), '')
    await harness.close()
  })
})
