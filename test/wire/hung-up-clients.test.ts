// Clients who hang up while their request is worked on: what only they needed is not begun any more, and what was
// begun as a write goes on to its end.
import assert from 'node:assert'
import { createHash } from 'node:crypto'
import { rootTenantId } from '../../gateway/access/identity.ts'
import type { RequestRecord } from '../../gateway/http/request-record.ts'
import { manifestsOfTenant } from '../../gateway/zip/tenant-manifests.ts'
import { defaultNamespace } from '../../metadata/namespaces.ts'
import { describe } from '../support/describe.ts'
import { PausedStore } from '../support/paused-store.ts'
import { RawConnection } from '../support/raw-connection.ts'
import { RunningServer } from '../support/start-server.ts'
import { exchange, signed, type WireRequest } from '../support/wire-request.ts'

/** Of several pages of a frozen listing. */
const objects = 3_500
const deletions = 1_000
/** How many of a list are deleted at once. */
const deletedAtOnce = 64
const keyAt = (index: number) => `many/${String(index).padStart(5, '0')}`

describe('a client who hangs up', (test) => {
  const store = new PausedStore()
  const records: RequestRecord[] = []
  let server: RunningServer

  test.before(async () => {
    server = await RunningServer.start({
      metadataFor: (real) => store.to(real),
      observe: (record) => records.push(record),
    })
    await exchange(server.port, { method: 'PUT', target: '/bkt' })
    await fill()
  })
  test.after(() => server.stop())

  async function fill(): Promise<void> {
    const { metadata } = server.stores
    const bucket = await metadata.buckets.get(defaultNamespace, 'bkt')
    assert.ok(bucket)
    const content = {
      size: 0,
      etag: 'd41d8cd98f00b204e9800998ecf8427e',
      crc32: 0,
      headers: {},
      userMetadata: {},
      tags: [],
      storageClass: 'STANDARD',
      data: { is: 'inline', sealed: Buffer.alloc(0) },
    } as const
    await Promise.all(
      Array.from({ length: objects }, (_, index) =>
        metadata.objects.commit({ bucket, key: keyAt(index), content, nowMs: 0 }),
      ),
    )
  }

  async function beginning(request: WireRequest): Promise<RawConnection> {
    const connection = await RawConnection.open(server.port)
    await connection.send(signed(request).bytes)
    return connection
  }

  /** Resolves when the server has heard of it. */
  async function hangUp(connection: RawConnection): Promise<void> {
    connection.close()
    // What came before them on the way has been read when these are answered.
    for (let round = 0; round < 2; round += 1) await exchange(server.port, { target: '/-/health' })
  }

  /** That of the one request that is over when this resolves, of those of the operation. */
  async function ended(operation: string): Promise<RequestRecord> {
    for (;;) {
      const record = records.find((each) => each.operation === operation)
      if (record !== undefined) return record
      await new Promise(setImmediate)
    }
  }

  /** Hangs up while calls of the verb wait, and answers what there is to say of the request. */
  async function abandoned(
    request: WireRequest,
    { verb, calls = 1, operation }: { verb: string; calls?: number; operation: string },
  ): Promise<RequestRecord> {
    records.length = 0
    const { reached, goOn } = store.pause(verb, calls)
    const connection = await beginning(request)
    await reached
    await hangUp(connection)
    store.called.length = 0
    goOn()
    const record = await ended(operation)
    server.assertNoFailure()
    return record
  }

  for (const [operation, query, verb] of [
    ['ListObjectsV2', '?list-type=2&delimiter=/', 'objects.list'],
    ['ListObjects', '?delimiter=/', 'objects.list'],
    ['ListObjectVersions', '?versions&delimiter=/', 'objects.listVersions'],
  ] as const) {
    test(`while a bucket is found is not listed anything by ${operation}`, async () => {
      const target = `/bkt${query}`
      const record = await abandoned({ target }, { verb: 'buckets.get', operation })
      assert.equal(record.status, undefined)
      assert.equal(store.count(verb), 0)
      assert.equal((await exchange(server.port, { target })).status, 200)
      assert.equal(store.count(verb), 1)
    })
  }

  test('while a prefix is frozen ends the reading of it, and leaves no list and no hold', async () => {
    const target = '/bkt/many/?zip'
    const record = await abandoned({ target }, { verb: 'objects.freezePage', operation: 'GetZip' })
    assert.equal(record.status, undefined)
    assert.equal(record.failure, undefined)
    assert.equal(store.count('objects.freezePage'), 0)
    assert.equal(store.count('objects.endFreeze'), 1)
    const { manifests } = server.stores.metadata
    assert.deepEqual(await manifestsOfTenant(manifests, rootTenantId), [])
    assert.equal((await exchange(server.port, { method: 'HEAD', target })).status, 200)
    assert.equal(store.count('objects.freezePage'), 4)
  })

  test('is not missed by another who waits for the same list', async () => {
    const target = '/bkt/many/1?zip'
    await exchange(server.port, { method: 'PUT', target: '/bkt/many/1x', body: 'x' })
    const { reached, goOn } = store.pause('leases.take')
    const first = await beginning({ target })
    await reached
    const second = exchange(server.port, { target })
    // It shares the freeze once it has looked for what there is; what it has to read before may be asked for anew.
    for (let each = 0; each < 20; each += 1) {
      await exchange(server.port, { target: '/bkt?location' })
    }
    await hangUp(first)
    goOn()
    const { status, body } = await second
    assert.equal(status, 200)
    assert.ok(body.includes('1x'))
    assert.equal(store.count('leases.take'), 1)
    server.assertNoFailure()
  })

  test('while many objects are deleted ends it behind those that are under way', async () => {
    const keys = Array.from({ length: deletions }, (_, index) => keyAt(index))
    const named = keys.map((key) => `<Object><Key>${key}</Key></Object>`)
    const body = `<Delete>${named.join('')}</Delete>`
    const headers = { 'content-md5': createHash('md5').update(body).digest('base64') }
    const request = { method: 'POST', target: '/bkt?delete', body, headers }
    const wait = { verb: 'objects.delete', calls: deletedAtOnce, operation: 'DeleteObjects' }
    const record = await abandoned(request, wait)
    assert.equal(record.status, undefined)
    assert.equal(store.count('objects.delete'), 0)
    for (const [index, key] of keys.entries()) {
      // What was begun has been done.
      const there = await exchange(server.port, { method: 'HEAD', target: `/bkt/${key}` })
      assert.equal(there.status, index < deletedAtOnce ? 404 : 200, key)
    }
  })

  test('while an object of parts is copied ends it before anything is committed', async () => {
    const source = '/bkt/parts'
    const begun = await exchange(server.port, { method: 'POST', target: `${source}?uploads` })
    const uploadId = /<UploadId>([^<]+)</.exec(begun.body.toString())?.[1] ?? ''
    const parts: string[] = []
    for (let number = 1; number <= 2; number += 1) {
      const target = `${source}?partNumber=${number}&uploadId=${uploadId}`
      const body = Buffer.alloc(5 * 1024 * 1024, number)
      const { headers } = await exchange(server.port, { method: 'PUT', target, body })
      parts.push(
        `<Part><PartNumber>${number}</PartNumber><ETag>${headers.get('etag')}</ETag></Part>`,
      )
    }
    const body = `<CompleteMultipartUpload>${parts.join('')}</CompleteMultipartUpload>`
    const target = `${source}?uploadId=${uploadId}`
    const completed = await exchange(server.port, { method: 'POST', target, body })
    assert.equal(completed.status, 200, completed.body.toString())
    const headers = { 'x-amz-copy-source': source, 'x-amz-checksum-algorithm': 'SHA256' }
    const copy = { method: 'PUT', target: '/bkt/copy', headers }
    const before = await server.kept()
    const record = await abandoned(copy, { verb: 'objects.get', operation: 'CopyObject' })
    assert.equal(record.status, undefined)
    assert.equal(store.count('objects.commit'), 0)
    assert.equal((await exchange(server.port, { target: '/bkt/copy' })).status, 404)
    assert.deepEqual(await server.kept(), before)
    assert.equal((await exchange(server.port, copy)).status, 200)
  })

  test('while an object is committed has stored it', async () => {
    const request = { method: 'PUT', target: '/bkt/stored', body: 'stored' }
    await abandoned(request, { verb: 'objects.commit', operation: 'PutObject' })
    const read = await exchange(server.port, { target: '/bkt/stored' })
    assert.equal(read.body.toString(), 'stored')
  })
})
