// Bundles whose entries are gathered behind the request: what is seen of them meanwhile, what becomes of
// them, and what is left.
import assert from 'node:assert'
import { manifestsOfTenant } from '../../../gateway/zip/tenant-manifests.ts'
import type { JobStore } from '../../../metadata/job-store.ts'
import { describe } from '../../support/describe.ts'
import { errorOf, type Json, jsonOf } from '../../support/own-routes-client.ts'
import { PartitionedBlobs } from '../../support/partitioned-blobs.ts'
import { readZip } from '../../support/python-zip.ts'
import { GatheringServer } from './gathering-fixture.ts'
import { type Answer, gate } from './https-origin.ts'

const secondMs = 1_000
const minuteMs = 60 * secondMs

/** Answers with what a test says at that time. */
const moody: { answer: Answer } = { answer: (response) => response.end() }

const answers: Readonly<Record<string, Answer>> = {
  '/small': (response) => response.end('small'),
  '/other': (response) => response.end('other'),
  '/moody': (response, incoming) => moody.answer(response, incoming),
  '/bucket/key': (response) => response.end('an object'),
}

/** Holds its answer back until the gate is opened. */
function holding() {
  const [asked, release] = [gate(), gate()]
  moody.answer = async (response) => {
    asked.open()
    await release.opened
    response.end('held')
  }
  return { asked: asked.opened, release: release.open }
}

function unavailable(): void {
  moody.answer = (response) => response.writeHead(503).end()
}

async function entriesOf(gatherer: GatheringServer, bundle: Json) {
  const response = await gatherer.download(bundle)
  assert.equal(response.status, 200, response.body.toString())
  return readZip(response.body)
}

const nothingLeft = { lease: 'gone', manifests: 0, spooled: 0, gathering: false }

describe('a bundle that is being gathered', (test) => {
  let gatherer: GatheringServer
  test.beforeEach(async () => {
    gatherer = await GatheringServer.start(answers)
  })
  test.afterEach(() => gatherer.stop())

  test('is no zip before it is whole, and holds then what was there when it was asked for', async () => {
    await gatherer.put('first', 'as it was')
    await gatherer.put('last', 'as it was')
    const bundle = await gatherer.begin([
      { key: 'first' },
      { url: gatherer.url('/small'), name: 'from/elsewhere' },
      { key: 'last' },
    ])
    await gatherer.put('first', 'as it is now')
    const early = await gatherer.download(bundle)
    assert.equal(errorOf(early), '503 BundleNotReady')
    assert.equal(early.headers.get('retry-after'), '5')
    assert.equal((await gatherer.download(bundle, 'HEAD')).status, 503)
    assert.equal((await gatherer.shown(bundle)).state, 'gathering')
    await gatherer.work()
    assert.equal((await gatherer.shown(bundle)).state, 'ready')
    assert.deepStrictEqual(await entriesOf(gatherer, bundle), [
      ['first', 'as it was'],
      ['from/elsewhere', 'small'],
      ['last', 'as it was'],
    ])
    const left = { lease: 'renewed', manifests: 1, spooled: 0, gathering: false }
    assert.deepStrictEqual(await gatherer.leftOf(bundle), left)
    await gatherer.delete(bundle)
    assert.deepStrictEqual(await gatherer.leftOf(bundle), nothingLeft)
  })

  test('keeps its sources sealed until it has them, and then not at all', async () => {
    const s3 = { endpoint: gatherer.url('/'), accessKeyId: 'key', secretAccessKey: 'their-secret' }
    const bundle = await gatherer.begin(
      [
        { url: gatherer.url('/small?signature=very-private'), name: 'small' },
        { url: 's3://bucket/key', s3: { ...s3, sessionToken: 'their-token' } },
      ],
      { fileName: 'found-in-plain.zip' },
    )
    const secrets = ['very-private', 'their-secret', 'their-token']
    const found = () => secrets.filter((secret) => gatherer.keepsInPlain(secret))
    assert.equal(gatherer.keepsInPlain('found-in-plain.zip'), true)
    assert.deepStrictEqual(found(), [])
    await gatherer.work()
    assert.deepStrictEqual(await entriesOf(gatherer, bundle), [
      ['small', 'small'],
      ['key', 'an object'],
    ])
    assert.deepStrictEqual(found(), [])
    assert.equal((await gatherer.leftOf(bundle)).gathering, false)
    assert.doesNotMatch(JSON.stringify(gatherer.server.logged), /their-|very-private/)
  })

  test('is answered as ready by a request that may wait for it', async () => {
    const entries = [{ url: gatherer.url('/small'), name: 'small' }]
    for (const prefer of ['wait=0', 'handling=strict, respond-async', 'WAIT="0"']) {
      jsonOf(await gatherer.post('/-/bundles', { bucket: 'files', entries }, prefer), 202)
    }
    const asked = gatherer.post('/-/bundles', { bucket: 'files', entries }, 'wait=10')
    const bundle = jsonOf(await gatherer.workBeside(asked), 201)
    assert.equal(bundle.state, 'ready')
    assert.equal(bundle.entries, 1)
    assert.deepStrictEqual(await entriesOf(gatherer, bundle), [['small', 'small']])
  })

  test('is refused, and not kept, when its source fails while the request waits', async () => {
    const entries = [{ url: gatherer.url('/nothing?signature=very-private'), name: 'x' }]
    const asked = gatherer.post('/-/bundles', { bucket: 'files', entries }, 'wait=10')
    const response = await gatherer.workBeside(asked)
    assert.equal(errorOf(response), '400 InvalidRequest')
    assert.match(response.body.toString(), /\/nothing answered 404/)
    assert.doesNotMatch(response.body.toString(), /very-private/)
    const { bundles, manifests, tenants } = gatherer.server.stores.metadata
    const [tenant] = (await tenants.list({ limit: 1 })).tenants
    assert.ok(tenant !== undefined)
    assert.deepStrictEqual(await bundles.list(tenant.id, { limit: 10 }), [])
    assert.deepStrictEqual(await manifestsOfTenant(manifests, tenant.id), [])
  })

  test('has failed for good when its source says no, and tells why', async () => {
    const bundle = await gatherer.begin([{ url: gatherer.url('/nothing'), name: 'x' }])
    await gatherer.work()
    const shown = await gatherer.shown(bundle)
    assert.equal(shown.state, 'failed')
    assert.match(String(shown.reason), /\/nothing answered 404/)
    const response = await gatherer.download(bundle)
    assert.equal(errorOf(response), '409 BundleFailed')
    assert.match(response.body.toString(), /\/nothing answered 404/)
    assert.equal(errorOf(await gatherer.append(bundle, [])), '409 BundleFailed')
    assert.deepStrictEqual(await gatherer.leftOf(bundle), nothingLeft)
  })

  test('is tried again later when its source may do better, and asks for nothing twice', async () => {
    unavailable()
    const bundle = await gatherer.begin([
      { url: gatherer.url('/small'), name: 'small' },
      { url: gatherer.url('/moody'), name: 'moody' },
    ])
    await gatherer.work()
    assert.equal((await gatherer.shown(bundle)).state, 'gathering')
    await gatherer.work()
    assert.deepStrictEqual(gatherer.origin.asked, ['/small', '/moody'])
    moody.answer = (response) => response.end('at last')
    await gatherer.work({ laterMs: 6 * secondMs })
    assert.deepStrictEqual(gatherer.origin.asked, ['/small', '/moody', '/moody'])
    assert.deepStrictEqual(await entriesOf(gatherer, bundle), [
      ['small', 'small'],
      ['moody', 'at last'],
    ])
  })

  test('is given up after some attempts', async () => {
    unavailable()
    const bundle = await gatherer.begin([{ url: gatherer.url('/moody'), name: 'moody' }])
    for (let hour = 0; hour < 7; hour += 1) await gatherer.work({ laterMs: hour * 60 * minuteMs })
    assert.equal(gatherer.origin.asked.length, 5)
    const shown = await gatherer.shown(bundle)
    assert.deepStrictEqual([shown.state, /503/.test(String(shown.reason))], ['failed', true])
    assert.deepStrictEqual(await gatherer.leftOf(bundle), nothingLeft)
  })

  test('is given up when it expires first', async () => {
    unavailable()
    const entries = [{ url: gatherer.url('/moody'), name: 'moody' }]
    const bundle = await gatherer.begin(entries, { expiresInSeconds: 60 })
    await gatherer.work({ laterMs: 2 * minuteMs })
    assert.deepStrictEqual(gatherer.origin.asked, [])
    assert.equal((await gatherer.shown(bundle)).state, 'failed')
    assert.deepStrictEqual(await gatherer.leftOf(bundle), nothingLeft)
  })

  test('is gathered by one, however many look for work', async () => {
    const bundle = await gatherer.begin([{ url: gatherer.url('/small'), name: 'small' }])
    await Promise.all([gatherer.work(), gatherer.work(), gatherer.work()])
    assert.deepStrictEqual(gatherer.origin.asked, ['/small'])
    assert.equal((await gatherer.shown(bundle)).state, 'ready')
  })

  test('goes on after the server was stopped in its middle', async () => {
    const held = holding()
    const bundle = await gatherer.begin([
      { url: gatherer.url('/small'), name: 'small' },
      { url: gatherer.url('/moody'), name: 'moody' },
    ])
    const stopping = new AbortController()
    const working = gatherer.work({ stopping: stopping.signal })
    await held.asked
    stopping.abort()
    await working
    assert.equal((await gatherer.shown(bundle)).state, 'gathering')
    held.release()
    await gatherer.work()
    assert.deepStrictEqual(gatherer.origin.asked, ['/small', '/moody', '/moody'])
    assert.deepStrictEqual(await entriesOf(gatherer, bundle), [
      ['small', 'small'],
      ['moody', 'held'],
    ])
  })

  test('is ready once, and leaves nothing, when the server dies before the job has ended', async () => {
    const bundle = await gatherer.begin([{ url: gatherer.url('/small'), name: 'small' }])
    const died = () => Promise.reject(new Error('died'))
    let isReady = false
    const dying = (real: JobStore): JobStore => ({
      ...real,
      put: (job) => (isReady ? died() : real.put(job)),
      remove: () => {
        isReady = true
        return died()
      },
    })
    await assert.rejects(gatherer.work({ jobs: dying }), /died/)
    assert.equal((await gatherer.shown(bundle)).state, 'ready')
    const { jobs, tenants } = gatherer.server.stores.metadata
    const [tenant] = (await tenants.list({ limit: 1 })).tenants
    assert.ok(tenant !== undefined)
    const ofTenant = { kind: 'gathering', tenantId: tenant.id } as const
    assert.equal((await jobs.list(ofTenant, { limit: 9 })).length, 1)
    await gatherer.work({ laterMs: minuteMs })
    assert.deepStrictEqual(await jobs.list(ofTenant, { limit: 9 }), [])
    assert.deepStrictEqual(gatherer.origin.asked, ['/small'])
    assert.deepStrictEqual(await entriesOf(gatherer, bundle), [['small', 'small']])
    const left = { lease: 'renewed', manifests: 1, spooled: 0, gathering: false }
    assert.deepStrictEqual(await gatherer.leftOf(bundle), left)
  })

  test('is what the second server has gathered when the first was silent for too long', async () => {
    const held = holding()
    const bundle = await gatherer.begin([{ url: gatherer.url('/moody'), name: 'moody' }])
    const working = gatherer.work()
    await held.asked
    moody.answer = (response) => response.end('by the second')
    await gatherer.work()
    assert.equal((await gatherer.shown(bundle)).state, 'gathering')
    await gatherer.work({ laterMs: minuteMs })
    assert.equal((await gatherer.shown(bundle)).state, 'ready')
    held.release()
    await working
    assert.deepStrictEqual(await entriesOf(gatherer, bundle), [['moody', 'by the second']])
    const left = { lease: 'renewed', manifests: 1, spooled: 0, gathering: false }
    assert.deepStrictEqual(await gatherer.leftOf(bundle), left)
  })

  test('waits for chunks that cannot be stored, however long, and is gathered then', async () => {
    moody.answer = (response) => response.end(Buffer.alloc(100_000, 'moody'))
    const bundle = await gatherer.begin([{ url: gatherer.url('/moody'), name: 'moody' }])
    const blobs = new PartitionedBlobs(gatherer.server.stores.blobs)
    blobs.cut(['write'])
    let laterMs = 0
    for (let attempt = 1; attempt <= 10; attempt += 1) {
      laterMs += minuteMs
      await gatherer.work({ blobs, laterMs })
      assert.equal(blobs.refusals, attempt)
      assert.equal((await gatherer.shown(bundle)).state, 'gathering')
    }
    blobs.heal()
    await gatherer.work({ blobs, laterMs: laterMs + minuteMs })
    assert.equal((await gatherer.shown(bundle)).state, 'ready')
    assert.equal((await entriesOf(gatherer, bundle)).length, 1)
  })

  test('leaves nothing when it is deleted in its middle', async () => {
    const held = holding()
    const bundle = await gatherer.begin([
      { url: gatherer.url('/small'), name: 'small' },
      { url: gatherer.url('/moody'), name: 'moody' },
    ])
    const working = gatherer.work()
    await held.asked
    await gatherer.delete(bundle)
    assert.deepStrictEqual(await gatherer.leftOf(bundle), nothingLeft)
    held.release()
    await working
    assert.deepStrictEqual(await gatherer.leftOf(bundle), nothingLeft)
    assert.equal(errorOf(await gatherer.download(bundle)), '404 NoSuchBundle')
    await gatherer.server.kept()
    assert.equal((await gatherer.server.stores.blobs.usage()).liveBytes, 0)
  })
})

describe('a bundle with entries still to be added', (test) => {
  let gatherer: GatheringServer
  test.beforeEach(async () => {
    gatherer = await GatheringServer.start(answers)
    await gatherer.put('own', 'own')
  })
  test.afterEach(() => gatherer.stop())

  async function ready(): Promise<Json> {
    const json = { bucket: 'files', entries: [{ key: 'own' }] }
    return jsonOf(await gatherer.post('/-/bundles', json), 201)
  }

  test('gives what it was before until they are there', async () => {
    const bundle = await ready()
    const entries = [{ url: gatherer.url('/small'), name: 'small' }]
    const pending = jsonOf(await gatherer.append(bundle, entries), 202)
    assert.deepStrictEqual([pending.state, pending.entries], ['gathering', 1])
    assert.deepStrictEqual(await entriesOf(gatherer, bundle), [['own', 'own']])
    assert.equal(errorOf(await gatherer.append(bundle, [])), '409 OperationAborted')
    await gatherer.work()
    assert.deepStrictEqual(await entriesOf(gatherer, bundle), [
      ['own', 'own'],
      ['small', 'small'],
    ])
    assert.equal((await gatherer.shown(bundle)).state, 'ready')
  })

  test('stays what it was when they cannot be had, and tells why', async () => {
    const bundle = await ready()
    const missing = [{ url: gatherer.url('/nothing'), name: 'x' }]
    const response = await gatherer.workBeside(gatherer.append(bundle, missing, 'wait=10'))
    assert.equal(errorOf(response), '400 InvalidRequest')
    const shown = await gatherer.shown(bundle)
    assert.deepStrictEqual([shown.state, shown.entries], ['ready', 1])
    assert.match(String(shown.reason), /\/nothing answered 404/)
    const entries = [{ url: gatherer.url('/other'), name: 'other' }]
    const asked = gatherer.append(bundle, entries, 'wait=10')
    const again = jsonOf(await gatherer.workBeside(asked), 200)
    assert.deepStrictEqual([again.entries, again.reason], [2, undefined])
  })

  test('refuses names that come twice before anything is gathered', async () => {
    const bundle = await ready()
    const entries = [{ url: gatherer.url('/small'), name: 'own' }]
    assert.equal(errorOf(await gatherer.append(bundle, entries)), '409 DuplicateEntryName')
    await gatherer.work()
    assert.deepStrictEqual(gatherer.origin.asked, [])
  })
})
