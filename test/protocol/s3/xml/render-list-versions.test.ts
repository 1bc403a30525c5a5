import assert from 'node:assert/strict'
import { parseListVersionsQuery } from '../../../../protocol/s3/list-query.ts'
import { parseRequestTarget } from '../../../../protocol/s3/request-target.ts'
import {
  type ListedVersion,
  renderListVersions,
  type VersionPage,
} from '../../../../protocol/s3/xml/render-list-versions.ts'
import { describe } from '../../../support/describe.ts'

const head =
  '<?xml version="1.0" encoding="UTF-8"?>\n<ListVersionsResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>photos</Name>'
const owner = { id: '0'.repeat(64), displayName: 'root' }
const ownerXml = `<Owner><ID>${owner.id}</ID><DisplayName>root</DisplayName></Owner>`
const modifiedMs = Date.UTC(2026, 10, 21, 8, 5, 43)
const modifiedXml = '<LastModified>2026-11-21T08:05:43.000Z</LastModified>'
const storageClass = 'STANDARD'

const marker: ListedVersion = {
  is: 'deleteMarker',
  key: 'a',
  versionId: '2'.repeat(32),
  isLatest: true,
  modifiedMs,
  storageClass,
}
const version: ListedVersion = {
  is: 'object',
  key: 'a',
  versionId: 'null',
  isLatest: false,
  modifiedMs,
  storageClass,
  size: 0,
  etag: 'd41d8cd98f00b204e9800998ecf8427e',
}

const page = (entries: VersionPage['entries'], isTruncated = false): VersionPage => ({
  bucketName: 'photos',
  entries,
  isTruncated,
  owner,
})
const render = (shown: VersionPage, text: string) =>
  renderListVersions(shown, parseListVersionsQuery(parseRequestTarget(`/photos?${text}`).query))

describe('the answer of ListObjectVersions', (test) => {
  test('shows versions and delete markers in one order', () => {
    assert.equal(
      render(page([marker, version]), 'versions&prefix=a'),
      `${head}<Prefix>a</Prefix><KeyMarker></KeyMarker><VersionIdMarker></VersionIdMarker><MaxKeys>1000</MaxKeys><IsTruncated>false</IsTruncated>` +
        `<DeleteMarker><Key>a</Key><VersionId>${'2'.repeat(32)}</VersionId><IsLatest>true</IsLatest>${modifiedXml}${ownerXml}</DeleteMarker>` +
        `<Version><Key>a</Key><VersionId>null</VersionId><IsLatest>false</IsLatest>${modifiedXml}<ETag>&quot;d41d8cd98f00b204e9800998ecf8427e&quot;</ETag><Size>0</Size>${ownerXml}<StorageClass>STANDARD</StorageClass></Version></ListVersionsResult>`,
    )
  })

  test('names the version to go on from', () => {
    const markup = render(page([marker], true), 'key-marker=0&max-keys=1')
    assert.ok(
      markup.includes(
        `<KeyMarker>0</KeyMarker><VersionIdMarker></VersionIdMarker><NextKeyMarker>a</NextKeyMarker><NextVersionIdMarker>${'2'.repeat(32)}</NextVersionIdMarker><MaxKeys>1</MaxKeys><IsTruncated>true</IsTruncated>`,
      ),
    )
  })

  test('names only a key marker behind a common prefix', () => {
    const shown = page([version, { is: 'prefix', prefix: 'b c/' }], true)
    const markup = render(shown, 'delimiter=/&encoding-type=url')
    assert.ok(markup.includes('<NextKeyMarker>b+c/</NextKeyMarker><MaxKeys>'))
    assert.ok(
      markup.endsWith(
        '</Version><CommonPrefixes><Prefix>b+c/</Prefix></CommonPrefixes></ListVersionsResult>',
      ),
    )
  })
})
