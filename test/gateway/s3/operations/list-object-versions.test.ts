import assert from 'node:assert/strict'
import { deleteObject } from '../../../../gateway/s3/operations/delete-object.ts'
import { listObjectVersions } from '../../../../gateway/s3/operations/list-object-versions.ts'
import { putObject } from '../../../../gateway/s3/operations/put-object.ts'
import { compareKeys } from '../../../../protocol/s3/compare-keys.ts'
import type { XmlElement } from '../../../../protocol/s3/xml/xml-reader.ts'
import { describe } from '../../../support/describe.ts'
import { GatewayHarness, headerOf } from '../../../support/gateway-harness.ts'
import { awkwardKeys, awkwardText, modelListing } from '../../../support/listing-model.ts'
import { textOf, textsOf, xmlOf } from '../../../support/reply-xml.ts'
import { seededBytes } from '../../../support/seeded-bytes.ts'

const encoded = (text: string) => encodeURIComponent(text)
const decoded = (text: string) => decodeURIComponent(text.replaceAll('+', ' '))
const rowsOf = (page: XmlElement) =>
  page.children
    .filter((child) => child.name === 'Version' || child.name === 'DeleteMarker')
    .map((child) => [
      child.name,
      textOf(child, 'Key'),
      textOf(child, 'VersionId'),
      textOf(child, 'IsLatest'),
    ])

describe('ListObjectVersions', (test) => {
  let harness: GatewayHarness
  const ids: string[] = []
  test.before(async () => {
    harness = await GatewayHarness.open()
    await harness.makeBucket('photos', 'enabled')
    ids.push(await put('a'), await remove('a'), await put('a'), await put('b/1'), await remove('c'))
  })
  test.after(() => harness.close())

  const put = async (key: string, bucket = 'photos') =>
    headerOf(await harness.run(putObject, { bucket, key, body: key }), 'x-amz-version-id') ?? ''
  const remove = async (key: string, bucket = 'photos') =>
    headerOf(await harness.run(deleteObject, { bucket, key }), 'x-amz-version-id') ?? ''
  const page = async (query: string, bucket = 'photos') =>
    xmlOf(
      await harness.run(listObjectVersions, { bucket, query: `versions&${query}` }),
      'ListVersionsResult',
    )

  test('shows versions and delete markers together, the newest of a key first', async () => {
    const [first, marker, newest, b, c] = ids
    assert.deepEqual(rowsOf(await page('')), [
      ['Version', 'a', newest, 'true'],
      ['DeleteMarker', 'a', marker, 'false'],
      ['Version', 'a', first, 'false'],
      ['Version', 'b/1', b, 'true'],
      ['DeleteMarker', 'c', c, 'true'],
    ])
  })

  test('shows what is known of a version, and of a marker', async () => {
    const listed = await page('max-keys=2')
    const names = listed.children
      .filter((child) => child.name === 'Version' || child.name === 'DeleteMarker')
      .map((row) => row.children.map((child) => child.name).join(' '))
    assert.deepEqual(names, [
      'Key VersionId IsLatest LastModified ETag ChecksumAlgorithm ChecksumType Size Owner StorageClass',
      'Key VersionId IsLatest LastModified Owner',
    ])
  })

  test('goes on within the versions of a key', async () => {
    const [first, marker, newest] = ids
    const listed = await page('max-keys=2')
    assert.deepEqual(
      [textOf(listed, 'NextKeyMarker'), textOf(listed, 'NextVersionIdMarker')],
      ['a', marker],
    )
    const next = await page(`key-marker=a&version-id-marker=${marker}&max-keys=1`)
    assert.deepEqual(rowsOf(next), [['Version', 'a', first, 'false']])
    const second = await page(`key-marker=a&version-id-marker=${newest}&max-keys=1`)
    assert.deepEqual(rowsOf(second), [['DeleteMarker', 'a', marker, 'false']])
  })

  test('goes on behind all versions of a key when no version is named', async () => {
    assert.deepEqual(rowsOf(await page('key-marker=a')), [
      ['Version', 'b/1', ids[3], 'true'],
      ['DeleteMarker', 'c', ids[4], 'true'],
    ])
  })

  test('counts a common prefix as one, and goes on behind it', async () => {
    const listed = await page('delimiter=/&key-marker=a&max-keys=1')
    assert.deepEqual(textsOf(listed, 'CommonPrefixes', 'Prefix'), ['b/'])
    assert.equal(textOf(listed, 'NextKeyMarker'), 'b/')
    assert.equal(textOf(listed, 'NextVersionIdMarker'), undefined)
    const next = await page('delimiter=/&key-marker=b/&max-keys=1')
    assert.deepEqual(rowsOf(next), [['DeleteMarker', 'c', ids[4], 'true']])
  })

  test('shows the null version of a bucket that has no versioning', async () => {
    await harness.makeBucket('plain')
    await put('x', 'plain')
    assert.deepEqual(rowsOf(await page('', 'plain')), [['Version', 'x', 'null', 'true']])
  })

  test('answers a page of nothing with nothing', async () => {
    const listed = await page('max-keys=0')
    assert.deepEqual(rowsOf(listed), [])
    assert.equal(textOf(listed, 'IsTruncated'), 'false')
  })

  test('refuses markers that make no sense, and buckets that are not there', async () => {
    const refused = [
      [
        `version-id-marker=${ids[0]}`,
        'A version-id marker cannot be specified without a key marker.',
      ],
      ['key-marker=a&version-id-marker=x', 'Invalid version id specified'],
      ['max-keys=-1', 'max-keys cannot be negative'],
      ['encoding-type=x', 'Invalid Encoding Method specified in Request'],
    ] as const
    for (const [query, message] of refused) {
      const error = await harness.refusal(listObjectVersions, { bucket: 'photos', query })
      assert.deepEqual([error.code, error.message], ['InvalidArgument', message])
    }
    const absent = await harness.refusal(listObjectVersions, { bucket: 'nothing' })
    assert.equal(absent.code, 'NoSuchBucket')
  })

  test('shows the same through markers, page by page, as it would in one page', async () => {
    const random = seededBytes()
    await harness.makeBucket('awkward', 'enabled')
    const keys = awkwardKeys(random, 60)
    const versions = new Map<string, string[]>(keys.map((key) => [key, []]))
    for (const [key, made] of versions) {
      for (let count = 1 + random.integer(3); count > 0; count -= 1) {
        const removal = random.integer(3) === 0
        made.unshift(removal ? await remove(key, 'awkward') : await put(key, 'awkward'))
      }
    }
    for (let round = 0; round < 60; round += 1) {
      const prefix = awkwardText(random, 2)
      const delimiter = ['', '/', 'a', '//'][random.integer(4)] ?? ''
      const after = awkwardText(random, 3)
      const fixed = `prefix=${encoded(prefix)}&delimiter=${encoded(delimiter)}&encoding-type=url&max-keys=${1 + random.integer(7)}`
      const seen: string[] = []
      let markers = `&key-marker=${encoded(after)}`
      for (;;) {
        const listed = await page(`${fixed}${markers}`, 'awkward')
        const shown = [
          ...rowsOf(listed).map((row) => [decoded(row[1] ?? ''), row[2] ?? ''] as const),
          ...textsOf(listed, 'CommonPrefixes', 'Prefix').map(
            (text) => [decoded(text), 'group'] as const,
          ),
        ]
        // A stable sort: the versions of one key stay in the order they came in.
        shown.sort((a, b) => compareKeys(a[0], b[0]))
        seen.push(...shown.map((row) => row.join('\n')))
        if (textOf(listed, 'IsTruncated') === 'false') break
        const versionId = textOf(listed, 'NextVersionIdMarker')
        markers = `&key-marker=${textOf(listed, 'NextKeyMarker')}`
        if (versionId !== undefined) markers += `&version-id-marker=${versionId}`
      }
      const expected = modelListing(keys, { prefix, delimiter, after }).flatMap(({ is, text }) =>
        is === 'prefix'
          ? [`${text}\ngroup`]
          : (versions.get(text) ?? []).map((id) => `${text}\n${id}`),
      )
      assert.deepEqual(seen, expected)
    }
  })
})
