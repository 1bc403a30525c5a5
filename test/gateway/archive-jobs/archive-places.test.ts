// Where archive jobs read from and store to, and what becomes of both meanwhile.
import assert from 'node:assert'
import { describe } from '../../support/describe.ts'
import { askSigned, errorOf, jsonOf } from '../../support/own-routes-client.ts'
import { namesIn } from '../../support/python-zip.ts'
import { exchange } from '../../support/wire-request.ts'
import { ArchiveServer, mib, minute, pathOf } from './archives-fixture.ts'

describe('the places of archive jobs', (test) => {
  let archives: ArchiveServer
  test.before(async () => {
    archives = await ArchiveServer.start()
  })
  test.after(() => archives.stop())

  async function setVersioning(bucket: string, status: 'Enabled' | 'Suspended'): Promise<void> {
    const body = `<VersioningConfiguration><Status>${status}</Status></VersioningConfiguration>`
    await archives.put(`/${bucket}?versioning`, body)
  }

  test('an archive within its own prefix is no part of itself, and is not made again for it', async () => {
    await archives.put('/files/home/a', 'one')
    await archives.put('/files/home/all.zip', 'was here before')
    const order = { prefix: 'home/', bucket: 'files', key: 'home/all.zip' }
    const job = await archives.queued(order)
    await archives.work({ which: /small 1/ })
    assert.deepStrictEqual(namesIn((await archives.fetched(job)).body), ['a'])
    const again = jsonOf(await archives.ask(order), 200)
    assert.deepStrictEqual([again.id, again.state], [job.id, 'done'])
    const other = await archives.queued({ ...order, key: 'home/other.zip' })
    await archives.work({ which: /small 1/ })
    assert.deepStrictEqual(namesIn((await archives.fetched(other)).body), ['a', 'all.zip'])
    const elsewhere = await archives.queued({ prefix: 'home/', key: 'home/all.zip' })
    await archives.work({ which: /small 1/ })
    const names = namesIn((await archives.fetched(elsewhere)).body)
    assert.deepStrictEqual(names, ['a', 'all.zip', 'other.zip'])
  })

  test('in a versioned bucket a result is a version, and that version is what ends', async () => {
    await archives.put('/versioned')
    await setVersioning('versioned', 'Enabled')
    await archives.put('/versioned/x.zip', 'older')
    const order = { bucket: 'versioned', key: 'x.zip', expiresInSeconds: 60 }
    const job = await archives.queued(order)
    await archives.work({ which: /small 1/ })
    const { versionId } = await archives.shown(job)
    assert.match(String(versionId), /^[0-9a-f]{32}$/)
    await archives.put('/versioned/x.zip', 'newer')
    assert.deepStrictEqual(namesIn((await archives.fetched(job)).body), ['1.md', '2.md', 'large'])
    assert.equal(jsonOf(await archives.ask(order), 200).state, 'done')
    await archives.work({ laterMs: 2 * minute, which: /upkeep/ })
    assert.equal(await archives.stateOf(job), 'expired')
    assert.equal(await archives.statusOf(`/versioned/x.zip?versionId=${versionId}`), 404)
    assert.equal((await archives.bytesOf('/versioned/x.zip')).toString(), 'newer')
    await archives.end(await archives.queued(order))
  })

  test('a policy that protects a version protects it from the end of its job, too', async () => {
    await archives.put('/protected')
    await setVersioning('protected', 'Enabled')
    const job = await archives.queued({ bucket: 'protected', key: 'x.zip' })
    await archives.work({ which: /small 1/ })
    const { versionId } = await archives.shown(job)
    const policy = JSON.stringify({
      Statement: {
        ...{ Effect: 'Deny', Principal: '*', Action: 's3:DeleteObjectVersion' },
        Resource: 'arn:aws:s3:::protected/*',
      },
    })
    const target = '/protected?policy'
    await exchange(archives.port, { method: 'PUT', target, body: policy })
    const end = () => askSigned(archives.port, { method: 'DELETE', target: pathOf(job) })
    assert.equal(errorOf(await end()), '403 AccessDenied')
    assert.equal(await archives.statusOf(`/protected/x.zip?versionId=${versionId}`), 200)
    await exchange(archives.port, { method: 'DELETE', target })
    await archives.end(job)
    assert.equal(await archives.statusOf(`/protected/x.zip?versionId=${versionId}`), 404)
  })

  test('in a bucket whose versioning is suspended, the null version is what ends, if it is the result', async () => {
    await archives.put('/suspended')
    await setVersioning('suspended', 'Enabled')
    await archives.put('/suspended/x.zip', 'older')
    await setVersioning('suspended', 'Suspended')
    const job = await archives.queued({ bucket: 'suspended', key: 'x.zip' })
    await archives.work({ which: /small 1/ })
    assert.equal((await archives.fetched(job)).status, 200)
    await archives.end(job)
    assert.equal((await archives.bytesOf('/suspended/x.zip')).toString(), 'older')
  })

  test('an equal archive that a later job has put at its place outlives an expired job', async () => {
    const order = { key: 'equal.zip', expiresInSeconds: 60 }
    const job = await archives.queued(order)
    await archives.work({ which: /small 1/ })
    const { jobs } = archives.metadata
    const ofTenant = { kind: 'archive', tenantId: await archives.tenantId() } as const
    const [first] = await jobs.list(ofTenant, { limit: 1 })
    await archives.remove('/results/equal.zip')
    await archives.queued({ ...order, expiresInSeconds: 600 })
    await archives.work({ which: /small 1/ })
    // As it was when it was done first, for an upkeep that has read it then.
    const [now] = await jobs.list(ofTenant, { limit: 1 })
    assert.ok(first?.state === 'done' && now?.state === 'done' && first.jobId === now.jobId)
    await jobs.put({ ...first, revision: now.revision + 1 })
    await archives.work({ laterMs: 2 * minute, which: /upkeep/ })
    assert.equal(await archives.stateOf(job), 'expired')
    assert.equal(await archives.statusOf('/results/equal.zip'), 200)
  })

  test('what is archived may be overwritten and deleted, with its bucket, before the work begins', async () => {
    await archives.put('/gone')
    await archives.put('/gone/a', Buffer.alloc(3 * mib, 'a'))
    await archives.put('/gone/b', 'b')
    const zip = await archives.bytesOf('/gone?zip')
    const destination = { bucket: 'results', key: 'gone.zip' }
    const json = { bucket: 'gone', destination }
    const asked = await askSigned(archives.port, { method: 'POST', target: '/-/archives', json })
    await archives.put('/gone/a', 'something else')
    for (const target of ['/gone/a', '/gone/b', '/gone']) await archives.remove(target)
    await archives.server.kept()
    await archives.work({ which: /small 1/ })
    assert.ok((await archives.fetched(jsonOf(asked, 202))).body.equals(zip))
  })

  test('a destination whose bucket is made again in mid-job is another bucket', async () => {
    await archives.put('/again')
    const job = await archives.queued({ bucket: 'again', key: 'x.zip' })
    await archives.work({ which: /small 1/, beforeRead: async (stopping) => stopping.abort() })
    await archives.remove('/again')
    await archives.put('/again')
    await archives.work({ which: /small 1/ })
    assert.equal((await archives.fetched(job)).status, 200)
    const listed = await exchange(archives.port, { target: '/again?uploads' })
    assert.doesNotMatch(listed.body.toString(), /<Upload>/)
    await archives.end(job)
    await archives.remove('/again')
  })

  test('keys that are awkward in URLs, headers and file names are stored and fetched', async () => {
    const keys = [
      "a'(b)*!.zip",
      'a b+c%20ü.zip',
      'dots/../x.zip',
      'folder/',
      '"quoted";\r\n.zip',
      '💾.zip',
      'k'.repeat(1024),
    ]
    for (const key of keys) {
      const job = await archives.queued({ key, prefix: 'docs/1' })
      await archives.work({ which: /small 1/ })
      const fetched = await archives.fetched(job)
      assert.equal(fetched.status, 200, `${key}: ${fetched.body}`)
      assert.deepStrictEqual(namesIn(fetched.body), ['1.md'], key)
    }
    const odd = ['\u0000', "'; x", '\r\nx: y', '%', '/', '../..', 'ü'.repeat(512)]
    for (const prefix of odd) {
      const job = await archives.queued({ prefix, key: 'odd.zip' })
      await archives.work({ which: /small 1/ })
      assert.deepStrictEqual(namesIn((await archives.fetched(job)).body), [], prefix)
    }
  })

  test('what no key, bucket or life can be is refused', async () => {
    for (const [order, error] of [
      [{ key: '' }, '400 InvalidArgument'],
      [{ key: 'k'.repeat(1025) }, '400 KeyTooLongError'],
      [{ prefix: 'ü'.repeat(513) }, '400 KeyTooLongError'],
      [{ key: '\ud800' }, '400 MalformedJSON'],
      [{ prefix: '\udfff' }, '400 MalformedJSON'],
      [{ bucket: '__proto__' }, '404 NoSuchBucket'],
      [{ bucket: '-' }, '404 NoSuchBucket'],
      [{ bucket: '../files' }, '404 NoSuchBucket'],
      [{ bucket: 'x'.repeat(30_000) }, '404 NoSuchBucket'],
      [{ expiresInSeconds: 0 }, '400 MalformedJSON'],
      [{ expiresInSeconds: 1.5 }, '400 MalformedJSON'],
      [{ expiresInSeconds: 90 * 86_400 + 1 }, '400 MalformedJSON'],
    ] as const) {
      assert.equal(errorOf(await archives.ask(order)), error, JSON.stringify(order).slice(0, 60))
    }
  })
})
