// A request of every operation there is, at a place of its own, over the wire.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { rootTenantId } from '../../gateway/access/identity.ts'
import { accountId } from '../../gateway/access/owner.ts'
import type { OperationName } from '../../protocol/s3/operations-table.ts'
import type { RawResponse } from './raw-connection.ts'
import { signedForm } from './signed-form.ts'
import { exchange, exchangeBytes, type WireRequest } from './wire-request.ts'

export type OperationRequest = WireRequest | { readonly form: Buffer }
type Prepare = (place: Place) => OperationRequest | Promise<OperationRequest>

/** Larger than what lies in metadata. */
const body = 'b'.repeat(5_000)
const tagging = '<Tagging><TagSet><Tag><Key>k</Key><Value>v</Value></Tag></TagSet></Tagging>'
const versioning = '<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>'
const publicAccessBlock =
  '<PublicAccessBlockConfiguration><BlockPublicAcls>true</BlockPublicAcls></PublicAccessBlockConfiguration>'
const writer =
  '<OwnershipControls><Rule><ObjectOwnership>ObjectWriter</ObjectOwnership></Rule></OwnershipControls>'
const control = {
  target: '/v20180820/configuration/publicAccessBlock',
  headers: { 'x-amz-account-id': accountId(rootTenantId) },
}
const policyOf = (bucket: string) =>
  JSON.stringify({
    Version: '2012-10-17',
    Statement: {
      ...{ Effect: 'Deny', Principal: '*', Action: 's3:GetObject' },
      Resource: `arn:aws:s3:::${bucket}/private/*`,
    },
  })
const deletion = '<Delete><Object><Key>k</Key></Object><Object><Key>other</Key></Object></Delete>'

/** A bucket with two objects and an upload of one part, anew for each attempt. */
export class Place {
  readonly bucket: string
  readonly port: number
  uploadId = ''
  part = ''

  constructor(port: number, bucket: string) {
    this.port = port
    this.bucket = bucket
  }

  async make(): Promise<this> {
    await this.sure({ method: 'PUT', target: `/${this.bucket}` })
    await this.sure({ method: 'PUT', target: this.at('k'), body })
    await this.sure({ method: 'PUT', target: this.at('kept'), body: 'kept' })
    await this.sure({ method: 'PUT', target: `/${this.bucket}?tagging`, body: tagging })
    const policy = policyOf(this.bucket)
    await this.sure({ method: 'PUT', target: `/${this.bucket}?policy`, body: policy })
    const begun = await this.sure({ method: 'POST', target: `${this.at('up')}?uploads` })
    this.uploadId = /<UploadId>([^<]+)</.exec(begun.body.toString())?.[1] ?? ''
    await this.sure({ method: 'PUT', target: this.upload('&partNumber=1'), body })
    this.part = createHash('md5').update(body).digest('hex')
    return this
  }

  at(key: string): string {
    return `/${this.bucket}/${key}`
  }

  upload(more = ''): string {
    return `${this.at('up')}?uploadId=${this.uploadId}${more}`
  }

  async sure(request: WireRequest): Promise<RawResponse> {
    const response = await exchange(this.port, request)
    assert.ok(response.status < 300, `${request.method} ${request.target}: ${response.status}`)
    return response
  }
}

const ofBucket =
  (method: string, query = '', more: Partial<WireRequest> = {}): Prepare =>
  ({ bucket }) => ({ method, target: `/${bucket}${query}`, ...more })
const ofKey =
  (method: string, query = '', more: Partial<WireRequest> = {}): Prepare =>
  (place) => ({ method, target: `${place.at('k')}${query}`, ...more })
const digestOf = (text: string) => createHash('md5').update(text).digest('base64')
const rules =
  '<CORSConfiguration><CORSRule><AllowedMethod>GET</AllowedMethod><AllowedOrigin>*</AllowedOrigin></CORSRule></CORSConfiguration>'
const cors = { body: rules, headers: { 'content-md5': digestOf(rules) } }

/** A request of each operation that is answered well at such a place. */
export const requestsOfOperations: Readonly<Record<OperationName, Prepare>> = {
  ListBuckets: () => ({ target: '/' }),
  GetBucketLocation: ofBucket('GET', '?location'),
  GetBucketVersioning: ofBucket('GET', '?versioning'),
  GetBucketPolicy: ofBucket('GET', '?policy'),
  GetBucketPolicyStatus: ofBucket('GET', '?policyStatus'),
  GetPublicAccessBlock: ofBucket('GET', '?publicAccessBlock'),
  GetAccountPublicAccessBlock: async (place) => {
    await place.sure({ method: 'PUT', ...control, body: publicAccessBlock })
    return control
  },
  PutAccountPublicAccessBlock: () => ({ method: 'PUT', ...control, body: publicAccessBlock }),
  DeleteAccountPublicAccessBlock: () => ({ method: 'DELETE', ...control }),
  GetBucketAcl: ofBucket('GET', '?acl'),
  GetBucketOwnershipControls: ofBucket('GET', '?ownershipControls'),
  GetBucketTagging: ofBucket('GET', '?tagging'),
  GetBucketCors: async (place) => {
    await place.sure({ method: 'PUT', target: `/${place.bucket}?cors`, ...cors })
    return { target: `/${place.bucket}?cors` }
  },
  ListObjectVersions: ofBucket('GET', '?versions'),
  ListMultipartUploads: ofBucket('GET', '?uploads'),
  GetBucketZip: ofBucket('GET', '?zip'),
  HeadBucketZip: ofBucket('HEAD', '?zip'),
  ListObjectsV2: ofBucket('GET', '?list-type=2'),
  ListObjects: ofBucket('GET'),
  HeadBucket: ofBucket('HEAD'),
  PutBucketVersioning: ofBucket('PUT', '?versioning', { body: versioning }),
  PutBucketPolicy: (place) => ({
    ...{ method: 'PUT', target: `/${place.bucket}?policy` },
    body: policyOf(place.bucket),
  }),
  PutPublicAccessBlock: ofBucket('PUT', '?publicAccessBlock', { body: publicAccessBlock }),
  PutBucketAcl: async (place) => {
    await place.sure({ method: 'PUT', target: `/${place.bucket}?ownershipControls`, body: writer })
    const headers = { 'x-amz-acl': 'private' }
    return { method: 'PUT', target: `/${place.bucket}?acl`, headers }
  },
  PutBucketOwnershipControls: ofBucket('PUT', '?ownershipControls', { body: writer }),
  PutBucketTagging: ofBucket('PUT', '?tagging', { body: tagging }),
  PutBucketCors: ofBucket('PUT', '?cors', cors),
  CreateBucket: ({ bucket }) => ({ method: 'PUT', target: `/${bucket}-new` }),
  DeleteBucketPolicy: ofBucket('DELETE', '?policy'),
  DeletePublicAccessBlock: ofBucket('DELETE', '?publicAccessBlock'),
  DeleteBucketCors: ofBucket('DELETE', '?cors'),
  DeleteBucketOwnershipControls: ofBucket('DELETE', '?ownershipControls'),
  DeleteBucketTagging: ofBucket('DELETE', '?tagging'),
  DeleteBucket: async (place) => {
    for (const key of ['k', 'kept']) await place.sure({ method: 'DELETE', target: place.at(key) })
    return { method: 'DELETE', target: `/${place.bucket}` }
  },
  DeleteObjects: ofBucket('POST', '?delete', {
    body: deletion,
    headers: { 'content-md5': digestOf(deletion) },
  }),
  PostObject: ({ bucket }) => ({ form: signedForm({ bucket, fields: { key: 'form' } }) }),
  GetObjectAttributes: ofKey('GET', '?attributes', {
    headers: { 'x-amz-object-attributes': 'ETag,ObjectSize' },
  }),
  GetObjectAcl: ofKey('GET', '?acl'),
  GetObjectTagging: ofKey('GET', '?tagging'),
  ListParts: (place) => ({ target: place.upload() }),
  GetZip: (place) => ({ target: `${place.at('')}k/?zip` }),
  HeadZip: (place) => ({ method: 'HEAD', target: `${place.at('')}k/?zip` }),
  GetObject: ofKey('GET'),
  HeadObject: ofKey('HEAD'),
  PutObjectAcl: async (place) => {
    await place.sure({ method: 'PUT', target: `/${place.bucket}?ownershipControls`, body: writer })
    const headers = { 'x-amz-acl': 'bucket-owner-read' }
    return { method: 'PUT', target: `${place.at('k')}?acl`, headers }
  },
  PutObjectTagging: ofKey('PUT', '?tagging', { body: tagging }),
  UploadPartCopy: (place) => ({
    method: 'PUT',
    target: place.upload('&partNumber=2'),
    headers: { 'x-amz-copy-source': place.at('k') },
  }),
  UploadPart: (place) => ({ method: 'PUT', target: place.upload('&partNumber=2'), body }),
  CopyObject: (place) => ({
    method: 'PUT',
    target: place.at('copy'),
    headers: { 'x-amz-copy-source': place.at('k') },
  }),
  PutObject: ofKey('PUT', '', { body: `${body} and more` }),
  DeleteObjectTagging: ofKey('DELETE', '?tagging'),
  AbortMultipartUpload: (place) => ({ method: 'DELETE', target: place.upload() }),
  DeleteObject: ofKey('DELETE'),
  CreateMultipartUpload: ofKey('POST', '?uploads'),
  CompleteMultipartUpload: (place) => ({
    method: 'POST',
    target: place.upload(),
    body: `<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>${place.part}</ETag></Part></CompleteMultipartUpload>`,
  }),
}

export function send(port: number, request: OperationRequest): Promise<RawResponse> {
  return 'form' in request ? exchangeBytes(port, request.form, 'POST') : exchange(port, request)
}
