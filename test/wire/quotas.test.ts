// What quotas refuse: of a bucket and of a tenant, bytes, objects and buckets, by every way that something is written.
import assert from 'node:assert/strict'
import { rootTenantId } from '../../gateway/access/identity.ts'
import { defaultNamespace } from '../../metadata/namespaces.ts'
import type { Quota } from '../../metadata/records.ts'
import { describe } from '../support/describe.ts'
import { signedForm } from '../support/signed-form.ts'
import { RunningServer } from '../support/start-server.ts'
import {
  codeOf,
  exchange,
  exchangeBytes,
  signedChunked,
  type WireRequest,
} from '../support/wire-request.ts'

const kib = 1024
const full = '403 QuotaExceeded'

describe('quotas', (test) => {
  let server: RunningServer
  let buckets = 0
  test.before(async () => {
    server = await RunningServer.start()
  })
  test.after(async () => {
    server.assertNoFailure()
    await server.stop()
  })

  const send = async (request: WireRequest) => {
    const response = await exchange(server.port, request)
    return response.status < 300 ? 'ok' : `${response.status} ${codeOf(response)}`
  }
  const put = (target: string, bytes = 0) =>
    send({ method: 'PUT', target, body: Buffer.alloc(bytes, 'x') })
  const bucketWith = async (quota: Quota) => {
    buckets += 1
    const name = `quota-${buckets}`
    assert.equal(await put(`/${name}`), 'ok')
    const { metadata } = server.stores
    const bucket = await metadata.buckets.get(defaultNamespace, name)
    assert.ok(bucket !== undefined)
    await metadata.bucketConfigs.put(bucket, 'quota', { document: quota })
    return name
  }
  const setOfTenant = async (quota: Quota) => {
    const { tenants } = server.stores.metadata
    const tenant = await tenants.get(rootTenantId)
    assert.ok(tenant !== undefined)
    const { is } = await tenants.update({ ...tenant, quota, revision: tenant.revision + 1 })
    assert.equal(is, 'done')
  }

  test('bytes of a bucket: the last that has room is stored, and what is deleted makes room', async () => {
    const bucket = await bucketWith({ bytes: 10 * kib })
    assert.equal(await put(`/${bucket}/a`, 6 * kib), 'ok')
    assert.equal(await put(`/${bucket}/b`, 4 * kib), 'ok')
    assert.equal(await put(`/${bucket}/c`, 1), full)
    assert.equal(await put(`/${bucket}/empty`), 'ok')
    assert.equal(await send({ method: 'DELETE', target: `/${bucket}/a` }), 'ok')
    assert.equal(await put(`/${bucket}/c`, 6 * kib), 'ok')
    assert.equal(await put(`/${bucket}/d`, 1), full)
    assert.equal(await send({ target: `/${bucket}/b` }), 'ok')
  })

  test('objects of a bucket, versions among them', async () => {
    const bucket = await bucketWith({ objects: 3 })
    const body = '<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>'
    assert.equal(await send({ method: 'PUT', target: `/${bucket}?versioning`, body }), 'ok')
    for (let each = 0; each < 3; each += 1) assert.equal(await put(`/${bucket}/same`, 10), 'ok')
    assert.equal(await put(`/${bucket}/same`, 10), full)
    assert.equal(await send({ method: 'DELETE', target: `/${bucket}/same` }), 'ok')
    assert.equal(await put(`/${bucket}/other`, 10), full)
  })

  test('every way of writing is refused, and nothing is left of it', async () => {
    const bucket = await bucketWith({ bytes: 20 * kib })
    assert.equal(await put(`/${bucket}/source`, 15 * kib), 'ok')
    const copy = { 'x-amz-copy-source': `/${bucket}/source` }
    assert.equal(await send({ method: 'PUT', target: `/${bucket}/copy`, headers: copy }), full)
    const file = Buffer.alloc(6 * kib)
    const form = signedForm({ bucket, fields: { key: 'form' }, file })
    assert.equal(codeOf(await exchangeBytes(server.port, form, 'POST')), 'QuotaExceeded')
    const chunked = signedChunked({
      ...{ target: `/${bucket}/chunked`, data: file, chunkBytes: 8 * kib },
      payload: 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD',
    })
    assert.equal(codeOf(await exchangeBytes(server.port, chunked.bytes, 'PUT')), 'QuotaExceeded')
    const begun = await exchange(server.port, { method: 'POST', target: `/${bucket}/up?uploads` })
    const uploadId = /<UploadId>([^<]+)</.exec(begun.body.toString())?.[1]
    const part = (number: number) => `/${bucket}/up?uploadId=${uploadId}&partNumber=${number}`
    assert.equal(await put(part(1), 5 * kib), 'ok')
    assert.equal(await put(part(2), 1), full)
    assert.equal(await send({ method: 'PUT', target: part(3), headers: copy }), full)
    // What is stored as parts is not refused when it becomes an object.
    const { etag = '' } = Object.fromEntries(
      (await exchange(server.port, { method: 'PUT', target: part(1), body: '' })).headers,
    )
    const body = `<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>${etag}</ETag></Part></CompleteMultipartUpload>`
    const target = `/${bucket}/up?uploadId=${uploadId}`
    assert.equal(await send({ method: 'POST', target, body }), 'ok')
    const listed = (await exchange(server.port, { target: `/${bucket}` })).body.toString()
    assert.deepEqual(listed.match(/<Key>[^<]+/g), ['<Key>source', '<Key>up'])
  })

  test('of a tenant: bytes over all its buckets, and how many buckets', async () => {
    const { metadata } = server.stores
    const held = await metadata.usage.ofTenant(rootTenantId)
    await setOfTenant({ bytes: held.bytes + held.partBytes + 10 * kib, buckets: held.buckets + 2 })
    // Within a second it is known everywhere.
    await new Promise((resolve) => setTimeout(resolve, 1_100))
    const one = await bucketWith({})
    const two = await bucketWith({ bytes: 5 * kib })
    assert.equal(await put('/one-too-many'), full)
    assert.equal(await put(`/${one}/a`, 6 * kib), 'ok')
    assert.equal(await put(`/${two}/a`, 5 * kib), full)
    assert.equal(await put(`/${two}/a`, 4 * kib), 'ok')
    assert.equal(await put(`/${one}/b`, 1), full)
    await setOfTenant({})
    await new Promise((resolve) => setTimeout(resolve, 1_100))
    assert.equal(await put(`/${one}/b`, 1), 'ok')
  })

  test('of many at once no more are let in than there is room for', async () => {
    const bucket = await bucketWith({ bytes: 50 * kib })
    const answers = await Promise.all(
      Array.from({ length: 30 }, (_, each) => put(`/${bucket}/${each}`, 5 * kib)),
    )
    const letIn = answers.filter((each) => each === 'ok').length
    assert.ok(letIn > 0 && letIn <= 10, `${letIn}`)
    assert.equal(answers.filter((each) => each === full).length, 30 - letIn)
    // Room that was left for others then is there for whoever comes.
    for (let each = letIn; each < 10; each += 1) {
      assert.equal(await put(`/${bucket}/later-${each}`, 5 * kib), 'ok')
    }
    assert.equal(await put(`/${bucket}/last`, 1), full)
  })
})
