// Two metadata services on one environment, killed in turn under load and started again. What was acknowledged is
// the oracle: it is there, it is right, it was done once; and since one service was always there, every call that
// can be made again was answered. Longer: `npm test -- kill-metadata-services --kills=50`.
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { LmdbMetadataStore } from '../../metadata/lmdb/lmdb-metadata-store.ts'
import type { MetadataStore } from '../../metadata/metadata-store.ts'
import type { Bucket } from '../../metadata/records.ts'
import { RemoteMetadataStore } from '../../metadata/remote/remote-metadata-store.ts'
import {
  chunk,
  chunks,
  drain,
  etagOf,
  makeBucket,
  newVersion,
  remove,
} from '../contracts/metadata-fixture.ts'
import { secret } from '../metadata/served-metadata.ts'
import { describe } from '../support/describe.ts'
import { type SeededBytes, seededBytes } from '../support/seeded-bytes.ts'
import { StartedServer } from '../support/started-server.ts'

const { values } = parseArgs({ options: { kills: { type: 'string' } }, strict: false })
const kills = Number(values.kills ?? 4)
const writers = 12
const program = fileURLToPath(new URL('../metadata/metadata-service-child.js', import.meta.url))

class Service {
  started: StartedServer
  port = 0

  private constructor(started: StartedServer) {
    this.started = started
  }

  static async start(path: string): Promise<Service> {
    const service = new Service(new StartedServer({ program, argv: [path, '0'] }))
    await service.listening()
    return service
  }

  async listening(): Promise<void> {
    this.port = Number((await this.started.printed(/^port (\d+)$/m))[1])
  }

  async killAndStart(path: string): Promise<void> {
    await this.started.kill()
    this.started = new StartedServer({ program, argv: [path, `${this.port}`] })
    await this.listening()
  }
}

type Acknowledged = {
  /** By the ETag, which no two commits share. */
  readonly versions: Map<string, string>
  readonly markers: Set<string>
  readonly tagged: Map<string, string>
}

/** Until it is told to stop: versions of keys of one's own and of shared ones, deletions, tags. */
async function write(
  { store, bucket, random }: { store: MetadataStore; bucket: Bucket; random: SeededBytes },
  { writer, isOver }: { writer: number; isOver: () => boolean },
  acknowledged: Acknowledged,
): Promise<void> {
  for (let turn = 0; !isOver(); turn += 1) {
    const name = `${writer}-${turn}`
    const key = random.integer(3) === 0 ? `shared-${random.integer(4)}` : `own-${name}`
    const data = random.integer(2) === 0 ? { data: chunks(chunk(name, 1)), size: 4_194_304 } : {}
    const version = newVersion(bucket, key, { body: name, nowMs: Date.now(), ...data })
    const committed = await store.objects.commit(version)
    assert.equal(committed.is, 'committed')
    acknowledged.versions.set(etagOf(name), key)
    if (key.startsWith('shared')) continue
    if (turn % 3 === 0) {
      const tags = [{ key: 'turn', value: name }]
      assert.equal((await store.objects.setTags(bucket, key, { tags })).is, 'done')
      acknowledged.tagged.set(key, name)
    } else if (turn % 3 === 1) {
      const gone = await store.objects.delete({ bucket, key, nowMs: Date.now() })
      assert.ok(gone.is === 'deleted' && gone.deleteMarker)
      acknowledged.markers.add(key)
    }
  }
}

async function compare(
  store: MetadataStore,
  bucket: Bucket,
  acknowledged: Acknowledged,
): Promise<void> {
  const found = new Map<string, string>()
  const markers: string[] = []
  const query = { prefix: '', limit: 1000 }
  for (let after = {}; ; ) {
    const { entries, isTruncated } = await store.objects.listVersions(bucket, {
      ...query,
      ...after,
    })
    for (const entry of entries) {
      if (entry.is === 'deleteMarker') markers.push(entry.key)
      if (entry.is !== 'object') continue
      assert.ok(!found.has(entry.etag), `${entry.key} was committed twice`)
      found.set(entry.etag, entry.key)
    }
    const last = entries.at(-1)
    if (!isTruncated || last === undefined || last.is === 'prefix') break
    after = { after: { key: last.key, group: false }, afterVersionId: last.versionId }
  }
  assert.deepEqual(found, acknowledged.versions)
  assert.deepEqual(markers.sort(), [...acknowledged.markers].sort())
  for (const [key, value] of acknowledged.tagged) {
    const object = await store.objects.get(bucket, key)
    assert.deepEqual(object?.is === 'object' && object.tags, [{ key: 'turn', value }])
  }
}

/** References that were taken twice would be left over. */
async function removeAll(store: MetadataStore, bucket: Bucket): Promise<void> {
  for (;;) {
    const { entries } = await store.objects.listVersions(bucket, { prefix: '', limit: 1000 })
    if (entries.length === 0) break
    await Promise.all(
      entries.map(async (entry) => {
        if (entry.is !== 'prefix') await remove(store, bucket, entry.key, entry.versionId)
      }),
    )
  }
  await drain(store)
  assert.deepEqual(await store.chunks.list({ limit: 10 }), [])
}

describe('metadata services that are killed', (test) => {
  test('lose nothing that was acknowledged, do nothing twice, and leave no call unanswered', async () => {
    const random = seededBytes()
    const path = await mkdtemp(join(tmpdir(), 'holdfast-killed-'))
    const store = await LmdbMetadataStore.open({ path, random: randomBytes, role: 'primary' })
    const services = [await Service.start(path), await Service.start(path)]
    const client = await RemoteMetadataStore.open({
      endpoints: services.map(({ port }) => new URL(`http://127.0.0.1:${port}`)),
      secret,
      random: randomBytes,
      deadlineMs: 60_000,
    })
    try {
      const bucket = await makeBucket(client, 'one', 'enabled')
      const acknowledged = { versions: new Map(), markers: new Set<string>(), tagged: new Map() }
      let isOver = false
      const load = Array.from({ length: writers }, (_, writer) =>
        write({ store: client, bucket, random }, { writer, isOver: () => isOver }, acknowledged),
      )
      const killed = (async () => {
        for (let kill = 0; kill < kills; kill += 1) {
          const before = acknowledged.versions.size
          while (acknowledged.versions.size < before + 100) await sleep(5)
          await services[kill % 2]?.killAndStart(path)
        }
      })()
      await Promise.race([killed, Promise.all(load)])
      isOver = true
      await Promise.all([killed, ...load])
      assert.ok(acknowledged.versions.size >= kills * 100)
      await compare(store, bucket, acknowledged)
      await removeAll(store, bucket)
    } finally {
      await client.close()
      for (const { started } of services) await started.stop('SIGKILL')
      await store.close()
      await rm(path, { recursive: true })
    }
  })
})
