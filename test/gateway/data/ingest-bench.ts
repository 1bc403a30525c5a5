// An ingest on the memory engines, and bodies to feed it: what the tests of `gateway/data` share.

import { deriveTenantKeys, type TenantKeys } from '../../../gateway/access/keys/tenant-keys.ts'
import { HashPool } from '../../../gateway/data/digests/hash-pool.ts'
import { readPlaintext } from '../../../gateway/data/read/object-reader.ts'
import { Ingest, type ReceiveOptions } from '../../../gateway/data/write/ingest.ts'
import { IngestBudget } from '../../../gateway/data/write/ingest-budget.ts'
import type { StagedData } from '../../../gateway/data/write/staged-data.ts'
import type { ObjectData, TenantId } from '../../../metadata/records.ts'
import { loadChecksums } from '../../../protocol/s3/checksums/streaming-digest.ts'
import { MemoryBlobStore } from '../../support/memory-blob-store.ts'
import { MemoryChunkCatalog } from '../../support/memory-chunk-catalog.ts'
import type { SeededBytes } from '../../support/seeded-bytes.ts'

export const allDigests = new Set(['SHA256', 'SHA1', 'CRC32C', 'CRC64NVME'] as const)

export type IngestBench = Awaited<ReturnType<typeof openIngestBench>>

export async function openIngestBench(random: SeededBytes, options: { buffersMax?: number } = {}) {
  const catalog = new MemoryChunkCatalog()
  const blobs = new MemoryBlobStore()
  const nowMs = () => Date.now()
  const budget = new IngestBudget({ buffersMax: options.buffersMax ?? 8, nowMs, quietMs: 5 })
  const hashPool = new HashPool({ threadsMax: 2 })
  const leftovers: unknown[] = []
  const clock = { skewMs: 0 }
  const ingest = new Ingest({
    chunks: catalog,
    blobs,
    budget,
    hashPool,
    checksums: await loadChecksums(),
    random: random.bytes,
    owner: () => 'this process',
    nowMs: () => Date.now() + clock.skewMs,
    onLeftover: (cause) => leftovers.push(cause),
  })
  const tenant = deriveTenantKeys(parseTenantId('alice'), random.bytes(32))
  return { catalog, blobs, budget, hashPool, ingest, tenant, leftovers, clock }
}

export async function receive(
  bench: Pick<IngestBench, 'ingest' | 'tenant'>,
  body: AsyncIterable<Buffer>,
  options: { sizeHint?: number; sizeMax?: number; digests?: ReceiveOptions['digests'] } = {},
): Promise<StagedData> {
  const usual = { tenant: bench.tenant, digests: allDigests, sizeMax: Number.MAX_SAFE_INTEGER }
  return bench.ingest.receive(body, { ...usual, ...options })
}

/** Commits to the catalog, which must accept it; answers the data as metadata would keep them. */
export async function commit(bench: IngestBench, piece: StagedData): Promise<ObjectData> {
  const answer = await piece.commit((data) => bench.catalog.commit(bench.tenant.tenantId, data))
  return answer.data
}

export async function readBack(
  bench: Pick<IngestBench, 'catalog' | 'blobs' | 'tenant'>,
  data: ObjectData,
  size: number,
): Promise<Buffer> {
  const parts = readerParts(bench)
  const pieces: Buffer[] = []
  for await (const piece of readPlaintext(parts, { data, size }, { start: 0, end: size })) {
    pieces.push(piece)
  }
  return Buffer.concat(pieces)
}

export function readerParts(bench: {
  catalog: MemoryChunkCatalog
  blobs: MemoryBlobStore
  tenant: TenantKeys
}) {
  const uploads = {
    readParts: async () => {
      throw new Error('there are no parts here')
    },
  }
  return {
    metadata: { chunks: bench.catalog, uploads },
    blobs: bench.blobs,
    tenantKeys: bench.tenant,
  }
}

/** A body in pieces of `step` bytes, with other things going on in between. */
export async function* inPieces(bytes: Buffer, step = 65_536): AsyncGenerator<Buffer, void, void> {
  for (let at = 0; at < bytes.length; at += step) {
    if (at % (8 * step) === 0) await new Promise((resolve) => setImmediate(resolve))
    yield bytes.subarray(at, at + step)
  }
}

/** Sends `bytes`, then nothing until `end` is called. */
export function stalledAfter(bytes: Buffer) {
  let end: () => void = () => {}
  const stalled = new Promise<void>((resolve) => {
    end = resolve
  })
  async function* body(): AsyncGenerator<Buffer, void, void> {
    yield bytes
    await stalled
  }
  return { body: body(), end: () => end() }
}

export function parseTenantId(name: string): TenantId {
  return name as TenantId
}
