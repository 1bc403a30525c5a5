// The deletion of a tenant: nothing of it is left, wherever the work was cut off; nothing of others goes; and a way back
// that was taken holds.
import assert from 'node:assert'
import { randomBytes } from 'node:crypto'
import { rootTenantId } from '../../../gateway/access/identity.ts'
import {
  beginDeletion,
  changeTenant,
  resume,
  setOfTenant,
  suspend,
  takeBackDeletion,
} from '../../../gateway/admin/tenants/change-tenant.ts'
import { createTenant } from '../../../gateway/admin/tenants/create-tenant.ts'
import {
  ensureRemoval,
  ensureRemovals,
  tenantRemovalWork,
} from '../../../gateway/admin/tenants/tenant-removal-job.ts'
import { JobEngine } from '../../../gateway/background/job-engine.ts'
import { logTo } from '../../../gateway/log.ts'
import { hiddenNamespace } from '../../../metadata/namespaces.ts'
import type { Tenant, TenantId } from '../../../metadata/records.ts'
import type { SigningContext } from '../../../protocol/s3/sigv4/sign-request.ts'
import { describe } from '../../support/describe.ts'
import { RunningServer, serverOwner, serverRegion } from '../../support/start-server.ts'
import { Network } from '../../support/unreachable-store.ts'
import { exchange, type WireRequest } from '../../support/wire-request.ts'

const noSignal = new AbortController().signal

describe('the deletion of a tenant', (test) => {
  let server: RunningServer
  let names = 0
  let laterMs = 0
  const now = () => Date.now() + laterMs

  test.before(async () => {
    server = await RunningServer.start()
  })
  test.after(() => server.stop())

  function deps() {
    const { stores, masterKey } = server
    return { metadata: stores.metadata, masterKey, random: randomBytes, now }
  }

  type Furnished = {
    readonly tenant: Tenant
    readonly credentials: SigningContext['credentials']
  }

  async function send({ credentials }: Furnished, request: WireRequest): Promise<string> {
    const reply = await exchange(server.port, { ...request, context: { credentials } })
    assert.ok(reply.status < 300, `${request.target}: ${reply.status} ${reply.body}`)
    return reply.body.toString()
  }

  /** With something of every kind. */
  async function makeTenant(): Promise<Furnished> {
    names += 1
    const namespace = names % 2 === 0 ? 'default' : 'own'
    const name = `tenant-${names}`
    const made = await createTenant(deps(), { name, namespace, quota: {} })
    assert.ok(made.is === 'created')
    const { accessKeyId, secretKey: secretAccessKey } = made.key
    const of = {
      ...{ tenant: made.tenant },
      credentials: { accessKeyId, secretAccessKey, region: serverRegion },
    }
    const bucket = `/of-${name}`
    const put = (target: string, body: string | Buffer = '') =>
      send(of, { method: 'PUT', target, body })
    await put(bucket)
    await put(`${bucket}?versioning`, versioned)
    await put(`${bucket}/dir/a`, randomBytes(20_000))
    await put(`${bucket}/dir/a`, 'again')
    await send(of, { method: 'DELETE', target: `${bucket}/dir/a` })
    await put(`${bucket}/dir/b`, randomBytes(20_000))
    const begun = await send(of, { method: 'POST', target: `${bucket}/parts?uploads`, body: '' })
    const uploadId = /<UploadId>(\w+)/.exec(begun)?.[1]
    await put(`${bucket}/parts?partNumber=1&uploadId=${uploadId}`, randomBytes(20_000))
    await send(of, { target: `${bucket}/dir/?zip` })
    await post(of, '/-/bundles', { bucket: bucket.slice(1), entries: [{ key: 'dir/b' }] })
    await post(of, '/-/archives', {
      ...{ bucket: bucket.slice(1), prefix: 'dir/' },
      destination: { bucket: bucket.slice(1), key: 'all.zip' },
    })
    const { metadata } = deps()
    const group = { id: 'AGPA1', name: 'g', path: '/', createdMs: 0, inline: [], attached: [] }
    const entry = { kind: 'group', name: 'g', document: group } as const
    const change = { ifRevision: 0, put: [entry], remove: [] }
    assert.equal((await metadata.identities.commit(of.tenant.id, change)).is, 'done')
    return of
  }

  function post(of: Furnished, target: string, json: unknown): Promise<string> {
    const headers = { 'content-type': 'application/json' }
    return send(of, { method: 'POST', target, headers, body: JSON.stringify(json) })
  }

  /** How much there is of each kind. */
  async function left({ id, name, namespace }: Tenant): Promise<Readonly<Record<string, number>>> {
    const { metadata } = deps()
    const page = { limit: 100 }
    const ofBuckets = async (of: Tenant['namespace']) =>
      (await metadata.buckets.list(id, { namespace: of, prefix: '', ...page })).buckets.length
    const jobs = async (kind: 'archive' | 'gathering' | 'tenantRemoval') =>
      (await metadata.jobs.list({ kind, tenantId: id }, page)).length
    const rows = await metadata.identities.list(id, 'group', page)
    const { manifests } = await metadata.manifests.ofTenant(id, page)
    return {
      rows: (await metadata.tenants.get(id)) === undefined ? 0 : 1,
      names: (await metadata.tenants.byName(name)) === undefined ? 0 : 1,
      keys: (await metadata.tenants.listAccessKeys(id, page)).length,
      buckets: (await ofBuckets(namespace)) + (await ofBuckets(hiddenNamespace(id))),
      jobs: (await jobs('archive')) + (await jobs('gathering')) + (await jobs('tenantRemoval')),
      bundles: (await metadata.bundles.list(id, page)).length,
      groups: rows.entries.length,
      manifests: manifests.length,
    }
  }

  const none = {
    ...{ rows: 0, names: 0, keys: 0, buckets: 0, jobs: 0, bundles: 0, groups: 0, manifests: 0 },
  }

  /** Told to go at once. */
  async function begin(tenantId: TenantId): Promise<Tenant> {
    const begun = await changeTenant(deps(), { tenantId }, beginDeletion(now()))
    assert.ok(begun.is === 'done')
    await ensureRemoval(deps().metadata.jobs, begun.tenant, now())
    laterMs += 60_000
    return begun.tenant
  }

  /** Whether there was a job. */
  async function runOne(network = new Network()): Promise<boolean> {
    const { metadata } = deps()
    const seen = network.to(metadata)
    const engine = new JobEngine({
      ...{ jobs: metadata.jobs, owner: () => serverOwner, random: randomBytes, now },
      works: { tenantRemoval: tenantRemovalWork({ metadata: seen, now }) },
      log: logTo(() => {}),
    })
    const lane = engine.lanes.find((each) => each.name === 'tenant removals')
    return (await lane?.runOne(noSignal)) === true
  }

  test('leaves nothing of it, and all of others', async () => {
    const before = await server.kept()
    const one = await makeTenant()
    const other = await makeTenant()
    const all = await left(other.tenant)
    for (const [kind, count] of Object.entries(all)) assert.ok(count > 0, kind)
    const { tenant } = one
    await begin(tenant.id)
    assert.ok(await runOne())
    assert.deepEqual(await left(tenant), none)
    assert.deepEqual(await left(other.tenant), all)
    await begin(other.tenant.id)
    assert.ok(await runOne())
    await deps().metadata.leases.expire(Number.MAX_SAFE_INTEGER)
    assert.deepEqual(await server.kept(), before)
    // Its name is free again, under another id.
    const again = await createTenant(deps(), { name: tenant.name, namespace: 'own', quota: {} })
    assert.ok(again.is === 'created' && again.tenant.id !== tenant.id)
  })

  test('goes on where it was, whichever answer of the store was lost', async () => {
    const watched = new Network()
    await begin((await makeTenant()).tenant.id)
    await runOne(watched)
    assert.ok(watched.called.size > 15, [...watched.called].join(' '))
    for (const verb of watched.called) {
      for (const lost of ['answer', 'call'] as const) {
        const { tenant } = await makeTenant()
        await begin(tenant.id)
        const network = new Network()
        network.outage = { verb, lost }
        await runOne(network)
        network.outage = undefined
        for (let tries = 0; ((await left(tenant)).jobs ?? 0) > 0; tries += 1) {
          assert.ok(tries < 5, verb)
          laterMs += 60_000
          await runOne(network)
        }
        assert.deepEqual(await left(tenant), none, `${verb} ${lost}`)
      }
    }
  })

  test('does nothing once it was taken back, and there is no way back once it has begun', async () => {
    const { tenant } = await makeTenant()
    const of = { tenantId: tenant.id }
    await begin(tenant.id)
    const back = await changeTenant(deps(), of, takeBackDeletion)
    assert.ok(back.is === 'done' && back.tenant.status === 'active')
    const whole = await left(tenant)
    assert.ok(await runOne())
    assert.deepEqual(await left(tenant), { ...whole, jobs: (whole.jobs ?? 0) - 1 })
    // Deleted anew; the work is cut off as soon as it has begun.
    await begin(tenant.id)
    const network = new Network()
    network.outage = { verb: 'bundles.list', lost: 'call' }
    assert.ok(await runOne(network))
    const refused = await changeTenant(deps(), of, takeBackDeletion)
    assert.equal(refused.is, 'refused')
    laterMs += 60_000
    assert.ok(await runOne())
    assert.deepEqual(await left(tenant), none)
  })

  test('gets its job though whoever began it died before he had put it', async () => {
    const { tenant } = await makeTenant()
    const begun = await changeTenant(deps(), { tenantId: tenant.id }, beginDeletion(now()))
    assert.equal(begun.is, 'done')
    assert.equal(await runOne(), false)
    await ensureRemovals(deps()).run(noSignal)
    await ensureRemovals(deps()).run(noSignal)
    laterMs += 60_000
    assert.ok(await runOne())
    assert.deepEqual(await left(tenant), none)
    assert.equal(await runOne(), false)
  })

  test('is not for the first tenant, nor is suspending it', async () => {
    for (const change of [beginDeletion(0), suspend]) {
      const outcome = await changeTenant(deps(), { tenantId: rootTenantId }, change)
      assert.equal(outcome.is, 'refused')
    }
  })

  test('goes with no other change, and each change is of the revision that was looked at', async () => {
    const { tenant } = await makeTenant()
    const of = { tenantId: tenant.id }
    await begin(tenant.id)
    for (const change of [suspend, resume, setOfTenant({ quota: {} })]) {
      assert.equal((await changeTenant(deps(), of, change)).is, 'refused')
    }
    await changeTenant(deps(), of, takeBackDeletion)
    const late = await changeTenant(deps(), { ...of, ifRevision: 1 }, suspend)
    assert.equal(late.is, 'changed')
    const set = await changeTenant(deps(), { ...of, ifRevision: 3 }, setOfTenant({ region: 'eu' }))
    assert.ok(set.is === 'done' && set.tenant.region === 'eu' && set.tenant.revision === 4)
    const reset = await changeTenant(deps(), of, setOfTenant({ region: null }))
    assert.ok(reset.is === 'done' && reset.tenant.region === undefined)
    const nobody = await changeTenant(deps(), { tenantId: '000000000000' as TenantId }, suspend)
    assert.equal(nobody.is, 'noSuchTenant')
  })

  test('of one name, a single tenant is made, however many ask at once', async () => {
    const wanted = { name: 'wanted-by-many', namespace: 'own', quota: {} } as const
    const outcomes = await Promise.all(
      Array.from({ length: 20 }, () => createTenant(deps(), wanted)),
    )
    assert.equal(outcomes.filter(({ is }) => is === 'created').length, 1)
  })
})

const versioned = '<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>'
