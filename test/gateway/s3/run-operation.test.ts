// What is asked before an operation runs, of whom, and on what: identities that may do some things only.
import assert from 'node:assert'
import { createHash } from 'node:crypto'
import { anonymous, type User } from '../../../gateway/access/identity.ts'
import { completeMultipartUpload } from '../../../gateway/s3/operations/complete-multipart-upload.ts'
import { copyObject } from '../../../gateway/s3/operations/copy-object.ts'
import { createBucket } from '../../../gateway/s3/operations/create-bucket.ts'
import { createMultipartUpload } from '../../../gateway/s3/operations/create-multipart-upload.ts'
import { deleteObject } from '../../../gateway/s3/operations/delete-object.ts'
import { deleteObjects } from '../../../gateway/s3/operations/delete-objects.ts'
import { getObject } from '../../../gateway/s3/operations/get-object.ts'
import { getObjectAttributes } from '../../../gateway/s3/operations/get-object-attributes.ts'
import { getObjectTagging } from '../../../gateway/s3/operations/get-object-tagging.ts'
import { listBuckets } from '../../../gateway/s3/operations/list-buckets.ts'
import { listObjects } from '../../../gateway/s3/operations/list-objects.ts'
import { putObject } from '../../../gateway/s3/operations/put-object.ts'
import { uploadPart } from '../../../gateway/s3/operations/upload-part.ts'
import { uploadPartCopy } from '../../../gateway/s3/operations/upload-part-copy.ts'
import { element, parent } from '../../../protocol/s3/xml/xml-writer.ts'
import { describe } from '../../support/describe.ts'
import {
  type Asked,
  bodyOfReply,
  GatewayHarness,
  type HarnessRequest,
  headerOf,
} from '../../support/gateway-harness.ts'
import { resourceName } from '../../support/policy.ts'

/** A harness in which a user may do what is listed, as `action resource`; the root user may do all. */
class Permitted {
  readonly harness: GatewayHarness
  readonly user: User
  private readonly allowed: Set<string>
  private readonly asked: string[]

  private constructor(harness: GatewayHarness, allowed: Set<string>, asked: string[]) {
    this.harness = harness
    this.allowed = allowed
    this.asked = asked
    this.user = { ...harness.root, userName: 'ann', accessKeyId: 'AKIAANN' }
  }

  static async open(): Promise<Permitted> {
    const allowed = new Set<string>()
    const asked: string[] = []
    const harness = await GatewayHarness.open({
      authorize: ({ identity, action, resource }) => {
        if (identity.is === 'user' && identity.userName === 'root') return true
        const question = `${action} ${resourceName(resource)}`
        asked.push(question)
        return allowed.has(question)
      },
    })
    await harness.makeBucket('here')
    await harness.makeBucket('there')
    return new Permitted(harness, allowed, asked)
  }

  allow(...questions: readonly string[]): void {
    this.allowed.clear()
    this.asked.length = 0
    for (const question of questions) this.allowed.add(question)
  }

  /** Runs the operation as the user, who needs all of these, and no more. */
  async needs(operation: Asked, request: HarnessRequest, questions: readonly string[]) {
    for (const missing of questions) {
      this.allow(...questions.filter((question) => question !== missing))
      const refusal = await this.harness.refusal(operation, { ...request, by: this.user })
      assert.equal(refusal.code, 'AccessDenied', missing)
    }
    this.allow(...questions)
    const reply = await this.harness.run(operation, { ...request, by: this.user })
    assert.deepEqual(this.asked, questions)
    return reply
  }
}

const put = (key: string, more: Partial<HarnessRequest> = {}): HarnessRequest => ({
  bucket: 'here',
  key,
  body: `body of ${key}`,
  ...more,
})

describe('an operation asks for everything that it does', (test) => {
  let permitted: Permitted
  let harness: GatewayHarness
  test.before(async () => {
    permitted = await Permitted.open()
    harness = permitted.harness
    await harness.run(putObject, put('plain'))
    await harness.run(putObject, put('tagged', { headers: { 'x-amz-tagging': 'a=1' } }))
  })
  test.after(() => harness.close())

  test('a write with tags or an ACL asks for those too', async () => {
    const headers = { 'x-amz-tagging': 'a=1', 'x-amz-acl': 'bucket-owner-full-control' }
    const all = ['s3:PutObject here/k', 's3:PutObjectTagging here/k', 's3:PutObjectAcl here/k']
    await permitted.needs(putObject, put('k'), all.slice(0, 1))
    await permitted.needs(putObject, put('k', { headers }), all)
    await permitted.needs(createMultipartUpload, put('k', { headers }), all)
  })

  test('what names a version asks for the action on versions', async () => {
    const versionId = 'f'.repeat(32)
    const of = { bucket: 'here', key: 'plain', query: `versionId=${versionId}` }
    for (const [operation, actions] of [
      [getObject, ['s3:GetObjectVersion']],
      [getObjectTagging, ['s3:GetObjectVersionTagging']],
      [getObjectAttributes, ['s3:GetObjectVersion', 's3:GetObjectVersionAttributes']],
    ] as const) {
      const headers = { 'x-amz-object-attributes': 'ETag' }
      permitted.allow(...actions.map((action) => `${action} here/plain`), 's3:ListBucket here/')
      const request = { ...of, ...(operation === getObjectAttributes ? { headers } : {}) }
      const missing = await harness.refusal(operation, { ...request, by: permitted.user })
      assert.equal(missing.code, 'NoSuchVersion')
    }
    permitted.allow('s3:DeleteObject here/plain')
    const deletion = await harness.refusal(deleteObject, { ...of, by: permitted.user })
    assert.equal(deletion.code, 'AccessDenied')
  })

  test('attributes of an object are of one that may be read', async () => {
    const headers = { 'x-amz-object-attributes': 'ETag' }
    const request = { bucket: 'here', key: 'plain', headers }
    await permitted.needs(getObjectAttributes, request, [
      's3:GetObject here/plain',
      's3:GetObjectAttributes here/plain',
    ])
  })

  test('a copy reads its source and writes its destination', async () => {
    const headers = { 'x-amz-copy-source': 'here/plain' }
    await permitted.needs(copyObject, { bucket: 'there', key: 'copy', headers }, [
      's3:PutObject there/copy',
      's3:GetObject here/plain',
    ])
    const version = { 'x-amz-copy-source': 'here/plain?versionId=null' }
    await permitted.needs(copyObject, { bucket: 'there', key: 'copy', headers: version }, [
      's3:PutObject there/copy',
      's3:GetObjectVersion here/plain',
    ])
  })

  test('a copy takes tags over, or sets them, only with the permission to', async () => {
    const headers = { 'x-amz-copy-source': 'here/tagged' }
    await permitted.needs(copyObject, { bucket: 'there', key: 'copy', headers }, [
      's3:PutObject there/copy',
      's3:GetObject here/tagged',
      's3:GetObjectTagging here/tagged',
      's3:PutObjectTagging there/copy',
    ])
    const replaced = { ...headers, 'x-amz-tagging-directive': 'REPLACE', 'x-amz-tagging': 'b=2' }
    await permitted.needs(copyObject, { bucket: 'there', key: 'copy', headers: replaced }, [
      's3:PutObject there/copy',
      's3:PutObjectTagging there/copy',
      's3:GetObject here/tagged',
    ])
  })

  test('a part that is copied asks for both, too', async () => {
    const begun = await harness.run(createMultipartUpload, { bucket: 'there', key: 'parts' })
    const [, uploadId] = /<UploadId>(\w+)</.exec(String(begun.body)) ?? []
    const query = `uploadId=${uploadId}&partNumber=1`
    const headers = { 'x-amz-copy-source': 'here/plain' }
    await permitted.needs(uploadPartCopy, { bucket: 'there', key: 'parts', query, headers }, [
      's3:PutObject there/parts',
      's3:GetObject here/plain',
    ])
  })

  test('a bucket is made with what its headers say', async () => {
    await permitted.needs(
      createBucket,
      {
        bucket: 'made',
        headers: { 'x-amz-object-ownership': 'BucketOwnerEnforced', 'x-amz-acl': 'private' },
      },
      ['s3:CreateBucket made/', 's3:PutBucketAcl made/', 's3:PutBucketOwnershipControls made/'],
    )
  })

  test('DeleteObjects asks for each key, and nothing of the bucket', async () => {
    for (const key of ['mine', 'theirs']) await harness.run(putObject, put(key))
    const entries = ['mine', 'theirs'].map((key) => parent('Object', element('Key', key)))
    const body = parent('Delete', ...entries)
    const md5 = createHash('md5').update(body).digest('base64')
    permitted.allow('s3:DeleteObject here/mine')
    const reply = await harness.run(deleteObjects, {
      bucket: 'here',
      body,
      headers: { 'content-md5': md5 },
      by: permitted.user,
    })
    const text = String(reply.body)
    assert.match(text, /<Deleted><Key>mine<\/Key><\/Deleted>/)
    assert.match(text, /<Error><Key>theirs<\/Key><Code>AccessDenied<\/Code>/)
    assert.equal((await harness.refusal(getObject, { bucket: 'here', key: 'mine' })).status, 404)
    assert.equal((await harness.run(getObject, { bucket: 'here', key: 'theirs' })).status, 200)
  })
})

describe('who has not signed', (test) => {
  let permitted: Permitted
  const by = anonymous
  test.before(async () => {
    permitted = await Permitted.open()
    await permitted.harness.run(putObject, put('open'))
  })
  test.after(() => permitted.harness.close())

  test('does what permissions say, and no more', async () => {
    const { harness } = permitted
    permitted.allow('s3:GetObject here/open', 's3:PutObject here/dropped')
    const read = await harness.run(getObject, { bucket: 'here', key: 'open', by })
    assert.equal((await bodyOfReply(read)).toString(), 'body of open')
    assert.equal((await harness.run(putObject, put('dropped', { by }))).status, 200)
    assert.equal((await harness.refusal(putObject, put('open', { by }))).code, 'AccessDenied')
    assert.equal((await harness.refusal(listObjects, { bucket: 'here', by })).code, 'AccessDenied')
  })

  test('makes and lists no buckets, whatever permissions say', async () => {
    const { harness } = permitted
    permitted.allow('s3:CreateBucket new/', 's3:ListAllMyBuckets *')
    assert.equal((await harness.refusal(createBucket, { bucket: 'new', by })).code, 'AccessDenied')
    assert.equal((await harness.refusal(listBuckets, { by })).code, 'AccessDenied')
  })
})

describe('a bucket of another tenant', (test) => {
  let harness: GatewayHarness
  let other: ReturnType<GatewayHarness['addTenant']>
  const body = Buffer.alloc(100_000, 'of the other tenant')
  const chunksOf = async (tenantId: User['tenantId'], bucketName: string, key: string) => {
    const { buckets, objects, chunks } = harness.services.metadata
    const bucket = await buckets.get(harness.namespace, bucketName)
    const version = bucket && (await objects.get(bucket, key))
    if (version?.is !== 'object' || version.data.is !== 'chunks') return assert.fail('no chunks')
    const ids = version.data.chunks.map(({ id }) => id)
    return (await chunks.find(tenantId, ids)).filter((found) => found !== undefined).length
  }
  test.before(async () => {
    harness = await GatewayHarness.open({ authorize: () => true })
    other = harness.addTenant('other')
    await harness.makeBucket('own')
    await harness.makeBucket('shared', 'off', other.keys.tenantId)
    await harness.run(putObject, { bucket: 'shared', key: 'k', body, by: other.root })
  })
  test.after(() => harness.close())

  test('is read with the keys of its owner', async () => {
    const read = await harness.run(getObject, { bucket: 'shared', key: 'k' })
    assert.ok((await bodyOfReply(read)).equals(body))
    await harness.run(putObject, { bucket: 'shared', key: 'small', body: 'x', by: other.root })
    const small = await harness.run(getObject, { bucket: 'shared', key: 'small' })
    assert.equal((await bodyOfReply(small)).toString(), 'x')
  })

  test('is written with them, and its chunks are the owner’s', async () => {
    const mine = Buffer.alloc(200_000, 'written by the first tenant')
    await harness.run(putObject, { bucket: 'shared', key: 'mine', body: mine })
    const read = await harness.run(getObject, { bucket: 'shared', key: 'mine', by: other.root })
    assert.ok((await bodyOfReply(read)).equals(mine))
    assert.equal(await chunksOf(other.keys.tenantId, 'shared', 'mine'), 1)
    assert.equal(await chunksOf(harness.keys.tenantId, 'shared', 'mine'), 0)
  })

  test('shows its owner, and nobody else', async () => {
    const listed = await harness.run(listObjects, { bucket: 'shared' })
    const own = await harness.run(listBuckets, { by: other.root })
    const [, owner] = /<Owner><ID>(\w+)</.exec(String(own.body)) ?? []
    assert.ok(owner !== undefined && String(listed.body).includes(`<ID>${owner}</ID>`))
    assert.doesNotMatch(String((await harness.run(listBuckets, {})).body), /<Name>shared</)
  })

  test('is expected to be its owner’s', async () => {
    const expecting = (name: string) => ({
      bucket: 'shared',
      key: 'k',
      headers: { 'x-amz-expected-bucket-owner': name },
    })
    assert.equal((await harness.run(getObject, expecting('other'))).status, 200)
    assert.equal((await harness.refusal(getObject, expecting('harness'))).code, 'AccessDenied')
    const source = {
      'x-amz-copy-source': 'shared/k',
      'x-amz-source-expected-bucket-owner': 'other',
    }
    const copy = { bucket: 'own', key: 'expected', headers: source }
    assert.equal((await harness.run(copyObject, copy)).status, 200)
    const headers = { ...source, 'x-amz-source-expected-bucket-owner': 'harness' }
    assert.equal((await harness.refusal(copyObject, { ...copy, headers })).code, 'AccessDenied')
  })

  test('is copied from and to with the keys of each', async () => {
    const headers = { 'x-amz-copy-source': 'shared/k' }
    await harness.run(copyObject, { bucket: 'own', key: 'copy', headers })
    const read = await harness.run(getObject, { bucket: 'own', key: 'copy' })
    assert.ok((await bodyOfReply(read)).equals(body))
    assert.equal(await chunksOf(harness.keys.tenantId, 'own', 'copy'), 1)
    assert.equal(await chunksOf(other.keys.tenantId, 'own', 'copy'), 0)
    const begun = await harness.run(createMultipartUpload, { bucket: 'own', key: 'parts' })
    const [, uploadId] = /<UploadId>(\w+)</.exec(String(begun.body)) ?? []
    const target = { bucket: 'own', key: 'parts' }
    const query = `uploadId=${uploadId}&partNumber=1`
    const part = await harness.run(uploadPartCopy, { ...target, query, headers })
    const [, etag] = /<ETag>([^<]+)</.exec(String(part.body)) ?? []
    await harness.run(completeMultipartUpload, {
      ...target,
      query: `uploadId=${uploadId}`,
      body: `<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>${etag}</ETag></Part></CompleteMultipartUpload>`,
    })
    const whole = await harness.run(getObject, target)
    assert.ok((await bodyOfReply(whole)).equals(body))
  })

  test('has uploads whose parts are the owner’s', async () => {
    const target = { bucket: 'shared', key: 'upload' }
    const begun = await harness.run(createMultipartUpload, target)
    const [, uploadId] = /<UploadId>(\w+)</.exec(String(begun.body)) ?? []
    const query = `uploadId=${uploadId}`
    const part = await harness.run(uploadPart, { ...target, query: `${query}&partNumber=1`, body })
    const etag = headerOf(part, 'ETag')
    await harness.run(completeMultipartUpload, {
      ...target,
      query,
      body: `<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>${etag}</ETag></Part></CompleteMultipartUpload>`,
    })
    const read = await harness.run(getObject, { ...target, by: other.root })
    assert.ok((await bodyOfReply(read)).equals(body))
  })
})

describe('root users', (test) => {
  test('may do anything to what their tenant owns, and nothing else', async () => {
    const harness = await GatewayHarness.open()
    const { root: by, keys } = harness.addTenant('other')
    await harness.makeBucket('own')
    await harness.makeBucket('theirs', 'off', keys.tenantId)
    for (const [operation, request] of [
      [getObject, { bucket: 'own', key: 'k' }],
      [putObject, { bucket: 'own', key: 'k', body: 'x' }],
      [listObjects, { bucket: 'own' }],
      [copyObject, { bucket: 'theirs', key: 'k', headers: { 'x-amz-copy-source': 'own/k' } }],
    ] as const) {
      const refusal = await harness.refusal(operation, { ...request, by })
      assert.equal(refusal.code, 'AccessDenied')
    }
    assert.equal((await harness.refusal(createBucket, { bucket: 'own', by })).status, 409)
    await harness.close()
  })
})
