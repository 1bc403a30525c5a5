// An archive is frozen: what happens to the prefix meanwhile changes nothing of it, for as long as it
// is used.

import assert from 'node:assert'
import { sweepManifests } from '../../../gateway/zip/sweep-manifests.ts'
import { manifestsOfTenant } from '../../../gateway/zip/tenant-manifests.ts'
import { defaultNamespace } from '../../../metadata/namespaces.ts'
import { parseManifestId } from '../../../metadata/record-ids.ts'
import { describe } from '../../support/describe.ts'
import { seededBytes } from '../../support/seeded-bytes.ts'
import { bucket, bytesOf, etagOf, unzip, ZipFixture } from './zip-fixture.ts'

const random = seededBytes()
/** HOLDFAST_ZIP_DOWNLOADS=1000 for the whole of it. */
const downloads = Number(process.env.HOLDFAST_ZIP_DOWNLOADS ?? 20)
const hour = 60 * 60_000

async function sweep(fixture: ZipFixture): Promise<void> {
  const { metadata, now } = fixture.harness.services
  await metadata.leases.expire(now())
  await sweepManifests(metadata, { nowMs: now(), signal: new AbortController().signal })
}

async function manifestsOf(fixture: ZipFixture) {
  const { services, keys } = fixture.harness
  return manifestsOfTenant(services.metadata.manifests, keys.tenantId)
}

async function withFixture(body: (fixture: ZipFixture) => Promise<void>): Promise<void> {
  const fixture = await ZipFixture.open()
  try {
    await body(fixture)
  } finally {
    await fixture.harness.close()
  }
}

describe('a frozen archive', (test) => {
  test('is the same as long as nothing changes, and another when something does', () =>
    withFixture(async (fixture) => {
      await fixture.put('p/a', 'one')
      const first = await fixture.ask({ prefix: 'p/' })
      const again = await fixture.ask({ prefix: 'p/' })
      assert.equal(etagOf(again), etagOf(first))
      assert.equal((await manifestsOf(fixture)).length, 1)
      for (const change of [
        () => fixture.put('p/a', 'two'),
        () => fixture.put('p/b', 'new'),
        () => fixture.remove('p/b'),
        () => fixture.put('p/a', 'two'),
      ]) {
        const before = etagOf(await fixture.ask({ prefix: 'p/' }))
        await change()
        assert.notEqual(etagOf(await fixture.ask({ prefix: 'p/' })), before)
      }
    }))

  test('is resumed by If-Range and If-Match after all of it is overwritten or deleted', () =>
    withFixture(async (fixture) => {
      const prefix = 'p/'
      await fixture.put('p/a', random.bytes(3000))
      await fixture.put('p/b', random.bytes(300_000))
      await fixture.put('p/c', random.bytes(5_000_000))
      const reply = await fixture.ask({ prefix })
      const whole = await bytesOf(reply)
      const etag = etagOf(reply)
      await fixture.put('p/a', 'other')
      await fixture.remove('p/b')
      await fixture.put('p/c', random.bytes(5_000_000))
      await fixture.harness.releaseAll()
      const changed = await fixture.ask({ prefix })
      assert.notEqual(etagOf(changed), etag)
      const resumed = await fixture.ask({
        prefix,
        headers: { range: 'bytes=1000-', 'if-range': etag },
      })
      assert.equal(resumed.status, 206)
      assert.ok((await bytesOf(resumed)).equals(whole.subarray(1000)))
      const matched = await fixture.ask({ prefix, headers: { 'if-match': etag } })
      assert.ok((await bytesOf(matched)).equals(whole))
      const segment = await fixture.ask({
        prefix,
        headers: { range: 'bytes=7-99', 'if-match': `"x", ${etag}` },
      })
      assert.ok((await bytesOf(segment)).equals(whole.subarray(7, 100)))
    }))

  test('serves a piece that names none from the newest one, though the prefix has changed', () =>
    withFixture(async (fixture) => {
      const prefix = 'p/'
      await fixture.put('p/a', 'one')
      const first = await fixture.ask({ prefix })
      await fixture.put('p/a', 'two')
      for (const ask of [
        { prefix, headers: { range: 'bytes=0-9' } },
        { prefix, query: 'partNumber=1' },
      ]) {
        assert.equal(etagOf(await fixture.ask(ask)), etagOf(first))
      }
      const now = await fixture.ask({ prefix })
      assert.notEqual(etagOf(now), etagOf(first))
      const piece = await fixture.ask({ prefix, headers: { range: 'bytes=0-9' } })
      assert.equal(etagOf(piece), etagOf(now))
    }))

  test('lives a day from its last use, and then gives back what it held', () =>
    withFixture(async (fixture) => {
      const prefix = 'p/'
      await fixture.put('p/a', random.bytes(100_000))
      const etag = etagOf(await fixture.ask({ prefix }))
      await fixture.remove('p/a')
      const resume = { prefix, headers: { range: 'bytes=0-9', 'if-range': etag } }
      for (let used = 0; used < 3; used += 1) {
        fixture.harness.nowMs += 23 * hour
        await sweep(fixture)
        assert.equal((await fixture.ask(resume)).status, 206)
      }
      await fixture.harness.releaseAll()
      const { node } = fixture.harness
      assert.equal((await node.usage()).chunks, 1)
      fixture.harness.nowMs += 24 * hour + 1
      const late = await fixture.ask(resume)
      assert.equal(late.status, 200)
      assert.notEqual(etagOf(late), etag)
      const refused = await fixture.refused({ prefix, headers: { 'if-match': etag } })
      assert.equal(refused.code, 'PreconditionFailed')
      await sweep(fixture)
      await fixture.harness.releaseAll()
      assert.equal((await node.usage()).chunks, 0)
      assert.equal((await manifestsOf(fixture)).length, 1)
    }))

  test('that was being made by a process that died holds nothing after some minutes', () =>
    withFixture(async (fixture) => {
      const { services, node, keys } = fixture.harness
      const { manifests, leases, buckets } = services.metadata
      const manifestId = parseManifestId('0'.repeat(32))
      const zipped = await buckets.get(defaultNamespace, bucket)
      assert.ok(manifestId && zipped)
      const nowMs = services.now()
      await manifests.begin({ manifestId, tenantId: keys.tenantId, scope: 'left', nowMs })
      const scope = { is: 'prefix', bucketId: zipped.id, prefix: '' } as const
      const lease = { leaseId: manifestId, purpose: 'zip', expiresMs: nowMs + 24 * hour }
      await leases.take({ ...lease, scopes: [scope] })
      await fixture.put('p/a', random.bytes(100_000))
      await fixture.remove('p/a')
      await sweep(fixture)
      await fixture.harness.releaseAll()
      assert.equal((await node.usage()).chunks, 1)
      fixture.harness.nowMs += hour / 10
      await sweep(fixture)
      await fixture.harness.releaseAll()
      assert.equal((await node.usage()).chunks, 0)
    }))

  test('that has expired is the same again when nothing has changed', () =>
    withFixture(async (fixture) => {
      const prefix = 'p/'
      await fixture.put('p/a', 'x')
      const etag = etagOf(await fixture.ask({ prefix }))
      fixture.harness.nowMs += 25 * hour
      const headers = { range: 'bytes=0-9', 'if-range': etag }
      assert.equal((await fixture.ask({ prefix, headers })).status, 206)
      await sweep(fixture)
      assert.equal((await fixture.ask({ prefix, headers })).status, 206)
      const [manifest] = await manifestsOf(fixture)
      assert.equal(`"${manifest?.etag}"`, etag)
    }))

  test('is made once for requests that come at once, and by each process for itself', () =>
    withFixture(async (fixture) => {
      for (let index = 0; index < 300; index += 1) await fixture.put(`p/${index}`, String(index))
      const other = ZipFixture.over(fixture.harness)
      const replies = await Promise.all(
        [fixture, fixture, other, fixture, other].map((asked) => asked.ask({ prefix: 'p/' })),
      )
      assert.equal(new Set(replies.map(etagOf)).size, 1)
      assert.equal((await manifestsOf(fixture)).length, 1)
      const stale = { usedBeforeMs: Number.MAX_SAFE_INTEGER, limit: 10 }
      const all = await fixture.harness.services.metadata.manifests.stale(stale)
      assert.equal(all.length, 1)
    }))

  test('holds what was put before the request, also when another freeze was under way', () =>
    withFixture(async (fixture) => {
      for (let index = 0; index < 50; index += 1) await fixture.put(`p/${index}`, 'x')
      for (let round = 0; round < 20; round += 1) {
        const before = fixture.ask({ prefix: 'p/' })
        await fixture.put(`p/new-${round}`, 'y')
        const after = unzip(await fixture.bytes({ prefix: 'p/' }))
        assert.ok(after.has(`new-${round}`))
        await before
      }
    }))

  test('is read to its end while a writer overwrites and deletes everything', () =>
    withFixture(async (fixture) => {
      const prefix = 'w/'
      const bodies = new Map<string, Buffer>()
      const keys = Array.from({ length: 40 }, (_, index) => `k${index}`)
      const rewrite = async (key: string) => {
        const body = random.bytes(random.integer(3) === 0 ? 60_000 : random.integer(6000))
        bodies.set(key, body)
        await fixture.put(`w/${key}`, body)
      }
      for (const key of keys) await rewrite(key)
      for (let download = 0; download < downloads; download += 1) {
        const reply = await fixture.ask({ prefix })
        const frozen = new Map(bodies)
        assert.ok(typeof reply.body === 'object' && 'open' in reply.body)
        const pieces: Buffer[] = []
        for await (const batch of reply.body.open()) {
          pieces.push(...batch)
          const key = keys[random.integer(keys.length)] ?? ''
          if (random.integer(3) > 0) await rewrite(key)
          else {
            await fixture.remove(`w/${key}`)
            bodies.delete(key)
          }
          await fixture.harness.releaseAll()
        }
        const archive = unzip(Buffer.concat(pieces))
        assert.deepEqual([...archive.keys()].sort(), [...frozen.keys()].sort())
        for (const [name, body] of frozen) assert.ok(archive.get(name)?.equals(body), name)
      }
    }))
})
