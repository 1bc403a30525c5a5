import assert from 'node:assert'
import type { ListUploadsQuery } from '../../../../protocol/s3/list-uploads-query.ts'
import { renderCompleteMultipartUpload } from '../../../../protocol/s3/xml/render-complete-multipart-upload.ts'
import { renderCopyPart } from '../../../../protocol/s3/xml/render-copy-part.ts'
import { renderInitiateMultipartUpload } from '../../../../protocol/s3/xml/render-initiate-multipart-upload.ts'
import { renderListMultipartUploads } from '../../../../protocol/s3/xml/render-list-multipart-uploads.ts'
import { renderListParts } from '../../../../protocol/s3/xml/render-list-parts.ts'
import { renderPostResponse } from '../../../../protocol/s3/xml/render-post-response.ts'
import { describe } from '../../../support/describe.ts'

const head = '<?xml version="1.0" encoding="UTF-8"?>\n'
const namespace = 'xmlns="http://s3.amazonaws.com/doc/2006-03-01/"'
const owner = { id: 'f'.repeat(64), displayName: 'root' }
const person = `<ID>${owner.id}</ID><DisplayName>root</DisplayName>`
const persons = `<Initiator>${person}</Initiator><Owner>${person}</Owner>`
const modifiedMs = Date.UTC(2026, 10, 21, 8, 5, 43, 987)

describe('the answers about multipart uploads', (test) => {
  test('CreateMultipartUpload names the upload', () => {
    assert.equal(
      renderInitiateMultipartUpload({ bucket: 'b', key: 'a<b>&c', uploadId: 'u' }),
      `${head}<InitiateMultipartUploadResult ${namespace}><Bucket>b</Bucket><Key>a&lt;b&gt;&amp;c</Key><UploadId>u</UploadId></InitiateMultipartUploadResult>`,
    )
  })

  test('CompleteMultipartUpload names the object and its checksum', () => {
    const object = { location: 'http://h/b/k', bucket: 'b', key: 'k', etag: 'e-2' }
    const checksum = { algorithm: 'SHA256', type: 'COMPOSITE', value: 'v-2' } as const
    assert.equal(
      renderCompleteMultipartUpload({ ...object, checksum }),
      `${head}<CompleteMultipartUploadResult ${namespace}><Location>http://h/b/k</Location><Bucket>b</Bucket><Key>k</Key><ETag>&quot;e-2&quot;</ETag><ChecksumSHA256>v-2</ChecksumSHA256><ChecksumType>COMPOSITE</ChecksumType></CompleteMultipartUploadResult>`,
    )
    assert.ok(
      !renderCompleteMultipartUpload({ ...object, checksum: undefined }).includes('Checksum'),
    )
  })

  test('UploadPartCopy gives the time and the ETag of the part', () => {
    const checksum = { algorithm: 'CRC32', value: 'AAAAAA==' } as const
    assert.equal(
      renderCopyPart({ etag: 'e', modifiedMs, checksum }),
      `${head}<CopyPartResult ${namespace}><LastModified>2026-11-21T08:05:43.000Z</LastModified><ETag>&quot;e&quot;</ETag><ChecksumCRC32>AAAAAA==</ChecksumCRC32></CopyPartResult>`,
    )
  })

  test('ListParts shows parts and where to go on', () => {
    const part = { number: 3, size: 10, etag: 'e', modifiedMs }
    const shown = { bucket: 'b', key: 'k', uploadId: 'u', owner, storageClass: 'STANDARD' }
    const xml = renderListParts({
      ...shown,
      checksum: { algorithm: 'CRC32', type: 'FULL_OBJECT' },
      partNumberMarker: 2,
      maxParts: 1,
      isTruncated: true,
      parts: [{ ...part, checksum: { algorithm: 'CRC32', value: 'AAAAAA==' } }],
    })
    assert.equal(
      xml,
      `${head}<ListPartsResult ${namespace}><Bucket>b</Bucket><Key>k</Key><UploadId>u</UploadId>${persons}<StorageClass>STANDARD</StorageClass><PartNumberMarker>2</PartNumberMarker><NextPartNumberMarker>3</NextPartNumberMarker><MaxParts>1</MaxParts><IsTruncated>true</IsTruncated><ChecksumAlgorithm>CRC32</ChecksumAlgorithm><ChecksumType>FULL_OBJECT</ChecksumType><Part><PartNumber>3</PartNumber><LastModified>2026-11-21T08:05:43.000Z</LastModified><ETag>&quot;e&quot;</ETag><Size>10</Size><ChecksumCRC32>AAAAAA==</ChecksumCRC32></Part></ListPartsResult>`,
    )
  })

  test('ListParts names no further part when there is none', () => {
    const upload = { bucket: 'b', key: 'k', uploadId: 'u', owner, storageClass: 'STANDARD' }
    const page = { checksum: undefined, partNumberMarker: 2, maxParts: 1, isTruncated: false }
    const part = { number: 3, size: 10, etag: 'e', modifiedMs }
    for (const parts of [[part], []]) {
      assert.ok(!renderListParts({ ...upload, ...page, parts }).includes('NextPartNumberMarker'))
    }
  })

  test('ListParts names no place to go on when it is complete', () => {
    const shown = { bucket: 'b', key: 'k', uploadId: 'u', owner, storageClass: 'STANDARD' }
    const page = { checksum: undefined, partNumberMarker: 0, maxParts: 1000, isTruncated: false }
    const parts = [{ number: 3, size: 10, etag: 'e', modifiedMs }]
    assert.ok(!renderListParts({ ...shown, ...page, parts }).includes('<Next'))
  })

  test('a form upload that asked for 201 is told where its object is', () => {
    assert.equal(
      renderPostResponse({ location: 'http://h/b/k', bucket: 'b', key: 'k', etag: 'e' }),
      `${head}<PostResponse><Location>http://h/b/k</Location><Bucket>b</Bucket><Key>k</Key><ETag>&quot;e&quot;</ETag></PostResponse>`,
    )
  })
})

describe('ListMultipartUploads', (test) => {
  const query: ListUploadsQuery = {
    prefix: 'p q',
    delimiter: '/',
    encodingType: 'url',
    maxUploads: 2,
    keyMarker: 'p q0',
    uploadIdMarker: 'm',
    after: undefined,
    afterUploadId: undefined,
  }
  const upload = {
    is: 'upload',
    key: 'p q1',
    uploadId: 'u',
    initiatedMs: modifiedMs,
    storageClass: 'STANDARD',
  } as const
  const prefix = { is: 'prefix', prefix: 'p q2/' } as const

  test('shows uploads, then common prefixes, and goes on behind the last', () => {
    const page = { bucketName: 'b', owner, entries: [upload, prefix], isTruncated: true }
    assert.equal(
      renderListMultipartUploads(page, query),
      `${head}<ListMultipartUploadsResult ${namespace}><Bucket>b</Bucket><KeyMarker>p+q0</KeyMarker><UploadIdMarker>m</UploadIdMarker><NextKeyMarker>p+q2/</NextKeyMarker><NextUploadIdMarker></NextUploadIdMarker><Prefix>p+q</Prefix><Delimiter>/</Delimiter><EncodingType>url</EncodingType><MaxUploads>2</MaxUploads><IsTruncated>true</IsTruncated><Upload><Key>p+q1</Key><UploadId>u</UploadId>${persons}<StorageClass>STANDARD</StorageClass><Initiated>2026-11-21T08:05:43.000Z</Initiated></Upload><CommonPrefixes><Prefix>p+q2/</Prefix></CommonPrefixes></ListMultipartUploadsResult>`,
    )
  })

  test('goes on within a key by the id of the upload', () => {
    const page = { bucketName: 'b', owner, entries: [upload], isTruncated: true }
    const xml = renderListMultipartUploads(page, { ...query, encodingType: undefined })
    assert.ok(xml.includes('<NextKeyMarker>p q1</NextKeyMarker><NextUploadIdMarker>u<'))
  })

  test('names no place to go on when it is complete', () => {
    const page = { bucketName: 'b', owner, entries: [upload], isTruncated: false }
    assert.ok(!renderListMultipartUploads(page, query).includes('<Next'))
  })
})
