import assert from 'node:assert/strict'
import {
  parseListObjectsQuery,
  parseListObjectsV2Query,
} from '../../../../protocol/s3/list-query.ts'
import { parseRequestTarget } from '../../../../protocol/s3/request-target.ts'
import {
  type ListedObject,
  type ObjectPage,
  renderListObjects,
  renderListObjectsV2,
} from '../../../../protocol/s3/xml/render-list-objects.ts'
import { describe } from '../../../support/describe.ts'

const head =
  '<?xml version="1.0" encoding="UTF-8"?>\n<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>photos</Name>'
const owner = { id: 'f'.repeat(64), displayName: 'root' }
const ownerXml = `<Owner><ID>${owner.id}</ID><DisplayName>root</DisplayName></Owner>`

const object = (key: string): ListedObject => ({
  is: 'object',
  key,
  size: 3,
  etag: '900150983cd24fb0d6963f7d28e17f72',
  modifiedMs: Date.UTC(2026, 10, 21, 8, 5, 43, 512),
  storageClass: 'STANDARD',
})
const contents = (key: string, ownerMarkup: string) =>
  `<Contents><Key>${key}</Key><LastModified>2026-11-21T08:05:43.000Z</LastModified><ETag>&quot;900150983cd24fb0d6963f7d28e17f72&quot;</ETag><Size>3</Size>${ownerMarkup}<StorageClass>STANDARD</StorageClass></Contents>`

const page = (entries: ObjectPage['entries'], isTruncated = false): ObjectPage => ({
  bucketName: 'photos',
  entries,
  isTruncated,
  owner,
})
const query = (text: string) => parseRequestTarget(`/photos?${text}`).query
const v1 = (shown: ObjectPage, text: string) =>
  renderListObjects(shown, parseListObjectsQuery(query(text)))
const v2 = (shown: ObjectPage, text: string, nextToken?: string) =>
  renderListObjectsV2({ ...shown, nextToken }, parseListObjectsV2Query(query(text)))

describe('the answer of ListObjects', (test) => {
  test('of an empty bucket echoes what every answer echoes', () => {
    assert.equal(
      v1(page([]), ''),
      `${head}<Prefix></Prefix><Marker></Marker><MaxKeys>1000</MaxKeys><IsTruncated>false</IsTruncated></ListBucketResult>`,
    )
  })

  test('shows objects with their owners, then common prefixes', () => {
    const shown = page([object('a'), { is: 'prefix', prefix: 'b/' }, object('c')], true)
    assert.equal(
      v1(shown, 'delimiter=/&max-keys=3&marker=0'),
      `${head}<Prefix></Prefix><Marker>0</Marker><NextMarker>c</NextMarker><MaxKeys>3</MaxKeys><Delimiter>/</Delimiter><IsTruncated>true</IsTruncated>${contents('a', ownerXml)}${contents('c', ownerXml)}<CommonPrefixes><Prefix>b/</Prefix></CommonPrefixes></ListBucketResult>`,
    )
  })

  test('names the next marker only with a delimiter, and only when there is more', () => {
    assert.ok(!v1(page([object('a')], true), '').includes('NextMarker'))
    assert.ok(!v1(page([object('a')]), 'delimiter=/').includes('NextMarker'))
    const ending = page([object('a'), { is: 'prefix', prefix: 'b/' }], true)
    assert.ok(v1(ending, 'delimiter=/').includes('<NextMarker>b/</NextMarker>'))
  })
})

describe('the answer of ListObjectsV2', (test) => {
  test('counts keys and common prefixes, and leaves owners out', () => {
    const shown = page([object('a'), { is: 'prefix', prefix: 'b/' }])
    assert.equal(
      v2(shown, 'list-type=2&delimiter=/&start-after=0'),
      `${head}<Prefix></Prefix><StartAfter>0</StartAfter><KeyCount>2</KeyCount><MaxKeys>1000</MaxKeys><Delimiter>/</Delimiter><IsTruncated>false</IsTruncated>${contents('a', '')}<CommonPrefixes><Prefix>b/</Prefix></CommonPrefixes></ListBucketResult>`,
    )
  })

  test('shows owners when asked to', () => {
    assert.ok(v2(page([object('a')]), 'fetch-owner=true').includes(contents('a', ownerXml)))
  })

  test('carries the next token of a page that is not the last', () => {
    const markup = v2(page([object('a')], true), 'max-keys=1', 'TOKEN')
    assert.ok(
      markup.includes(
        '<Prefix></Prefix><NextContinuationToken>TOKEN</NextContinuationToken><KeyCount>1</KeyCount><MaxKeys>1</MaxKeys><IsTruncated>true</IsTruncated>',
      ),
    )
  })

  test('shows the checksum of objects that have one', () => {
    const checksum = { algorithm: 'CRC64NVME', type: 'FULL_OBJECT' }
    assert.ok(
      v2(page([{ ...object('a'), checksum }]), '').includes(
        '&quot;</ETag><ChecksumAlgorithm>CRC64NVME</ChecksumAlgorithm><ChecksumType>FULL_OBJECT</ChecksumType><Size>3</Size>',
      ),
    )
  })

  test('escapes keys as XML needs it', () => {
    const markup = v2(page([object('<a>&"b"\u0001\r')]), '')
    assert.ok(markup.includes('<Key>&lt;a&gt;&amp;&quot;b&quot;&#x1;&#xd;</Key>'))
  })

  test('encodes keys, prefixes, delimiter and start-after with encoding-type=url', () => {
    const shown = page([object('a b'), { is: 'prefix', prefix: 'c d|' }])
    const markup = v2(shown, 'encoding-type=url&prefix=%01&delimiter=|&start-after=x y')
    for (const part of [
      '<Prefix>%01</Prefix>',
      '<StartAfter>x+y</StartAfter>',
      '<Delimiter>%7C</Delimiter><EncodingType>url</EncodingType><IsTruncated>',
      '<Key>a+b</Key>',
      '<CommonPrefixes><Prefix>c+d%7C</Prefix></CommonPrefixes>',
    ]) {
      assert.ok(markup.includes(part), part)
    }
  })
})
