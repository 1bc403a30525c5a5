// Every operation while one of the metadata verbs that it calls is out of reach, or does its work and loses
// the answer: SlowDown, never an internal error; and when the verb is back, the same request works.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { StoreUnavailable } from '../../metadata/store-unavailable.ts'
import { type OperationName, operations } from '../../protocol/s3/operations-table.ts'
import { describe } from '../support/describe.ts'
import type { RawResponse } from '../support/raw-connection.ts'
import { signedForm } from '../support/signed-form.ts'
import { RunningServer } from '../support/start-server.ts'
import { Network } from '../support/unreachable-store.ts'
import { codeOf, exchange, exchangeBytes, type WireRequest } from '../support/wire-request.ts'

type Request = WireRequest | { readonly form: Buffer }
type Prepare = (place: Place) => Request | Promise<Request>

/** Larger than what lies in metadata. */
const body = 'b'.repeat(5_000)
const tagging = '<Tagging><TagSet><Tag><Key>k</Key><Value>v</Value></Tag></TagSet></Tagging>'
const versioning = '<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>'
const publicAccessBlock =
  '<PublicAccessBlockConfiguration><BlockPublicAcls>true</BlockPublicAcls></PublicAccessBlockConfiguration>'
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
class Place {
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

const requests: Readonly<Record<OperationName, Prepare>> = {
  ListBuckets: () => ({ target: '/' }),
  GetBucketLocation: ofBucket('GET', '?location'),
  GetBucketVersioning: ofBucket('GET', '?versioning'),
  GetBucketPolicy: ofBucket('GET', '?policy'),
  GetBucketPolicyStatus: ofBucket('GET', '?policyStatus'),
  GetPublicAccessBlock: ofBucket('GET', '?publicAccessBlock'),
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
  PutBucketTagging: ofBucket('PUT', '?tagging', { body: tagging }),
  PutBucketCors: ofBucket('PUT', '?cors', cors),
  CreateBucket: ({ bucket }) => ({ method: 'PUT', target: `/${bucket}-new` }),
  DeleteBucketPolicy: ofBucket('DELETE', '?policy'),
  DeletePublicAccessBlock: ofBucket('DELETE', '?publicAccessBlock'),
  DeleteBucketTagging: ofBucket('DELETE', '?tagging'),
  DeleteBucketCors: ofBucket('DELETE', '?cors'),
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
  GetObjectTagging: ofKey('GET', '?tagging'),
  ListParts: (place) => ({ target: place.upload() }),
  GetZip: (place) => ({ target: `${place.at('')}k/?zip` }),
  HeadZip: (place) => ({ method: 'HEAD', target: `${place.at('')}k/?zip` }),
  GetObject: ofKey('GET'),
  HeadObject: ofKey('HEAD'),
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

/** What the second try of something that had been done is told. */
const gone: Partial<Record<OperationName, number>> = {
  DeleteBucket: 404,
  AbortMultipartUpload: 404,
}

describe('while metadata are out of reach', (test) => {
  const network = new Network()
  let server: RunningServer
  let attempts = 0
  test.before(async () => {
    server = await RunningServer.start({ metadataFor: (store) => network.to(store) })
  })
  test.after(() => server.stop())

  const place = () => {
    attempts += 1
    return new Place(server.port, `bucket-${attempts}`).make()
  }
  const send = (request: Request) =>
    'form' in request
      ? exchangeBytes(server.port, request.form, 'POST')
      : exchange(server.port, request)

  for (const name of Object.keys(operations) as OperationName[]) {
    test(`${name} answers SlowDown, loses nothing, and works when they are back`, async () => {
      const prepare = requests[name]
      const clean = await prepare(await place())
      network.called.clear()
      const { status } = await send(clean)
      assert.ok(status < 500, `${status}`)
      const verbs = [...network.called]
      assert.ok(verbs.length > 0, 'nothing was asked of the metadata')
      for (const verb of verbs) {
        for (const lost of ['call', 'answer'] as const) {
          const there = await place()
          const request = await prepare(there)
          const what = `${verb}, its ${lost} lost`
          network.met = 0
          network.outage = { verb, lost }
          const during = await send(request)
          network.outage = undefined
          // What a moment ago was known of a key is remembered; a hold that is not given back expires.
          const isSpared = network.met === 0 || verb === 'leases.letGo'
          const mayDoWithout = isSpared && during.status === status
          assert.ok(during.status === 503 || mayDoWithout, `${what}: ${during.status}`)
          if (during.status === 503) {
            if (during.body.length > 0) assert.equal(codeOf(during), 'SlowDown', what)
            const told = server.logged.at(-1)?.details.cause
            assert.ok(told instanceof StoreUnavailable, `${what}: ${String(told)}`)
          }
          const again = await send(request)
          const expected = lost === 'answer' ? [status, gone[name] ?? status] : [status]
          assert.ok(expected.includes(again.status), `${what}, then again: ${again.status}`)
          if (name === 'DeleteBucket') continue
          const kept = await there.sure({ target: there.at('kept') })
          assert.equal(kept.body.toString(), 'kept')
        }
      }
    })
  }

  test('a request is refused as such before anybody knows who sends it', async () => {
    const fresh = new Network()
    const other = await RunningServer.start({ metadataFor: (store) => fresh.to(store) })
    for (const verb of ['tenants.getAccessKey', 'tenants.get']) {
      fresh.outage = { verb, lost: 'call' }
      const refused = await exchange(other.port, { target: '/' })
      assert.equal(`${refused.status} ${codeOf(refused)}`, '503 SlowDown')
    }
    fresh.outage = undefined
    assert.equal((await exchange(other.port, { target: '/' })).status, 200)
    await other.stop()
  })
})
