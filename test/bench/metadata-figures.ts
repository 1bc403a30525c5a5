// What a metadata service costs: the same verbs of one engine, embedded in this process and behind `holdfast metadata`
// on this machine, in one run.
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { LmdbMetadataStore } from '../../metadata/lmdb/lmdb-metadata-store.ts'
import type { MetadataStore, NewVersion } from '../../metadata/metadata-store.ts'
import { defaultNamespace } from '../../metadata/namespaces.ts'
import type { Bucket, TenantId } from '../../metadata/records.ts'
import { RemoteMetadataStore } from '../../metadata/remote/remote-metadata-store.ts'
import { parseClusterSecret } from '../../protocol/cluster/cluster-secret.ts'
import { cpuSeconds } from './process-figures.ts'
import { spawnMetadataService } from './spawned-server.ts'

type Row = (what: string, figure: string, ratio?: string) => void
type Places = { readonly directory: string; readonly tenantId: TenantId }

const objects = 2_000
const pageKeys = 1_000
const callers = [1, 32]
const warmMs = 500
const measuredMs = 2_000
const verbs = ['get', 'commit', 'list'] as const
const shown = {
  get: 'objects.get, inline 1 KiB',
  commit: 'objects.commit, inline 1 KiB',
  list: `objects.list, ${pageKeys} keys`,
} as const

type Measured = { readonly perSecond: number; readonly micros: number }

export async function metadataRows(row: Row, { directory, tenantId }: Places): Promise<void> {
  const text = randomBytes(32).toString('hex')
  const secret = parseClusterSecret(text)
  if (secret === undefined) throw new Error('no secret')
  const service = await spawnMetadataService(join(directory, 'served-metadata'), text)
  const embedded = await LmdbMetadataStore.open({
    path: join(directory, 'embedded-metadata'),
    random: randomBytes,
    role: 'primary',
  })
  const remote = await RemoteMetadataStore.open({
    endpoints: [new URL(`http://127.0.0.1:${service.port}`)],
    secret,
    random: randomBytes,
  })
  try {
    const near = await prepared(embedded, tenantId)
    const far = await prepared(remote, tenantId)
    for (const verb of verbs) {
      for (const count of callers) {
        const one = await measure(near, { verb, count, pids: [process.pid] })
        const other = await measure(far, { verb, count, pids: [process.pid, service.pid] })
        row(
          `${shown[verb]}, ${count} at once: embedded, served`,
          `${show(one)}; ${show(other)}`,
          `${(other.perSecond / one.perSecond).toFixed(2)} of embedded`,
        )
      }
    }
  } finally {
    await remote.close()
    await embedded.close()
    await service.stop()
  }
}

/** CPU of both sides together. */
function show({ perSecond, micros }: Measured): string {
  return `${perSecond.toFixed(0)}/s, ${micros.toFixed(0)} µs CPU`
}

type Prepared = { readonly store: MetadataStore; readonly bucket: Bucket }

async function prepared(store: MetadataStore, tenantId: TenantId): Promise<Prepared> {
  const { bucket } = await store.buckets.create({
    namespace: defaultNamespace,
    tenantId,
    name: 'bench',
    region: 'us-east-1',
    createdMs: Date.now(),
  })
  for (let from = 0; from < objects; from += 100) {
    const some = Array.from({ length: 100 }, (_, index) => versionOf(bucket, from + index))
    await Promise.all(some.map((version) => store.objects.commit(version)))
  }
  return { store, bucket }
}

function keyAt(index: number): string {
  return `photos/2026/${String(index).padStart(9, '0')}.jpg`
}

const sealed = randomBytes(1024)

function versionOf(bucket: Bucket, index: number): NewVersion {
  return {
    bucket,
    key: keyAt(index),
    nowMs: Date.now(),
    content: {
      size: sealed.length,
      etag: 'd41d8cd98f00b204e9800998ecf8427e',
      crc32: 0,
      headers: { contentType: 'image/jpeg' },
      userMetadata: {},
      tags: [],
      storageClass: 'STANDARD',
      data: { is: 'inline', sealed },
    },
  }
}

type Load = {
  readonly verb: (typeof verbs)[number]
  readonly count: number
  readonly pids: readonly number[]
}

async function measure(prepared: Prepared, { verb, count, pids }: Load): Promise<Measured> {
  await load(prepared, { verb, count }, warmMs)
  const cpu = () => pids.reduce((sum, pid) => sum + cpuSeconds(pid), 0)
  const [before, started] = [cpu(), performance.now()]
  const calls = await load(prepared, { verb, count }, measuredMs)
  const seconds = (performance.now() - started) / 1000
  return { perSecond: calls / seconds, micros: ((cpu() - before) / calls) * 1e6 }
}

async function load(
  { store, bucket }: Prepared,
  { verb, count }: Pick<Load, 'verb' | 'count'>,
  ms: number,
): Promise<number> {
  const until = performance.now() + ms
  let calls = 0
  const caller = async () => {
    while (performance.now() < until) {
      calls += 1
      const index = (calls * 7) % objects
      if (verb === 'get') await store.objects.get(bucket, keyAt(index))
      else if (verb === 'commit') await store.objects.commit(versionOf(bucket, index))
      else await store.objects.list(bucket, { prefix: '', limit: pageKeys })
    }
  }
  await Promise.all(Array.from({ length: count }, caller))
  return calls
}
