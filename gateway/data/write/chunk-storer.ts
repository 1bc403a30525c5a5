// Stores the chunks of one upload: looks whether the tenant has a chunk already, else seals and writes
// it; one that it has and that is bad or lost is written again. What the answers are claimed with is
// `piece-claims.ts`.
import { setImmediate } from 'node:timers/promises'
import type { BlobStore } from '../../../datanode/blob-store.ts'
import type { ChunkCatalog, ClaimedChunk } from '../../../metadata/metadata-store.ts'
import { chunkKey } from '../../../protocol/chunks/chunk-keys.ts'
import {
  type BlobRef,
  blockBytes,
  type ChunkId,
  chunkBytesMax,
  type Generation,
  sealedBytes,
} from '../../../protocol/chunks/chunk-ref.ts'
import { newGeneration, type RandomBytes } from '../../../protocol/chunks/new-generation.ts'
import { sealBlocks } from '../../../protocol/chunks/seal-chunk.ts'
import { S3Error } from '../../../protocol/s3/s3-error.ts'
import type { TenantKeys } from '../../access/keys/tenant-keys.ts'
import { IdleBuffers } from '../buffers/idle-buffers.ts'
import { ChunksUnavailable } from '../storage-failure.ts'

/** Other requests get their turn after this much was sealed: about half a millisecond. */
const sealStepBytes = 16 * blockBytes

/**
 * The frames of longer chunks are gathered in memory that is used again: they live until the disk has
 * them, too long for the collector to take them for short-lived.
 */
const gatheredBytesMin = 4 * blockBytes
const sealedBuffers = new IdleBuffers({
  allocate: () => Buffer.allocUnsafeSlow(sealedBytes(chunkBytesMax)),
  keepMs: 10_000,
})

export type NamedChunk = { readonly id: ChunkId; readonly crc32: number; readonly bytes: Buffer }

export type StorerDeps = {
  readonly chunks: Pick<ChunkCatalog, 'find'>
  readonly blobs: Pick<BlobStore, 'hasMany' | 'write' | 'delete'>
  readonly tenant: TenantKeys
  readonly random: RandomBytes
}

export class ChunkStorer {
  private readonly deps: StorerDeps
  /** Written for this upload, and claimed by nothing yet. */
  private readonly unclaimed = new Set<BlobRef>()
  /** The same by id, from the moment of writing: a body often repeats itself. */
  private readonly recent = new Map<string, Promise<ClaimedChunk>>()

  constructor(deps: StorerDeps) {
    this.deps = deps
  }

  /** `known` when the tenant has the chunk, else stored anew. Throws S3Error `InsufficientStorage`, `ChunksUnavailable`. */
  store(chunk: NamedChunk): Promise<ClaimedChunk> {
    const name = chunk.id.toString('latin1')
    const before = this.recent.get(name)
    if (before !== undefined) return before
    const stored = this.findOrWrite(chunk)
    this.recent.set(name, stored)
    return stored
  }

  /** Stores under a new generation, for the old one is gone. */
  storeAnew(chunk: NamedChunk): Promise<ClaimedChunk> {
    const stored = this.write(chunk)
    this.recent.set(chunk.id.toString('latin1'), stored)
    return stored
  }

  /** A claim was accepted, or may have been: these are not ours to delete any more. */
  claimed(chunks: readonly ClaimedChunk[]): void {
    for (const chunk of chunks) {
      this.unclaimed.delete(chunk)
      this.recent.delete(chunk.id.toString('latin1'))
    }
  }

  /**
   * Deletes what was written and not claimed. Only when no claim of it can be under way. Throws
   * `ChunksUnavailable` when some is left: an orphan then.
   */
  async deleteUnclaimed(): Promise<void> {
    const blobs = [...this.unclaimed].map(({ id, generation }) => ({ id, generation }))
    this.unclaimed.clear()
    if (blobs.length === 0) return
    const answer = await this.deps.blobs.delete(blobs)
    if (answer.is === 'unavailable')
      throw new ChunksUnavailable(`${answer.left.length} unclaimed chunks`)
  }

  private async findOrWrite(chunk: NamedChunk): Promise<ClaimedChunk> {
    const { tenant, chunks } = this.deps
    const [found] = await chunks.find(tenant.tenantId, [chunk.id])
    if (found === undefined) return this.write(chunk)
    const { id, crc32, bytes } = chunk
    const { generation } = found
    const [state] = await this.deps.blobs.hasMany([{ id, generation }])
    if (state !== 'good') {
      // Bad or lost: the same bytes again heal it for every object that has it. Where nobody can say, copies
      // enough are sure to be there afterwards. It stays `known`: were it deleted meanwhile, this copy is an
      // orphan, and the claim asks for a new generation.
      await this.writeBlob(chunk, generation)
    }
    return { id, generation, length: bytes.length, crc32, origin: 'known' }
  }

  private async write(chunk: NamedChunk): Promise<ClaimedChunk> {
    const { id, crc32, bytes } = chunk
    const generation = newGeneration(this.deps.random)
    const claimed: ClaimedChunk = {
      id,
      generation,
      length: bytes.length,
      crc32,
      origin: 'written',
    }
    // Before it is written: of a write that fails, copies may be there.
    this.unclaimed.add(claimed)
    await this.writeBlob(chunk, generation)
    return claimed
  }

  private async writeBlob(chunk: NamedChunk, generation: Generation): Promise<void> {
    const { id, bytes } = chunk
    const ref = { id, generation }
    const { length } = bytes
    const gathered = length >= gatheredBytesMin ? sealedBuffers.take() : undefined
    try {
      const pieces = await this.seal(chunk, gathered)
      const answer = await this.deps.blobs.write({ ref, length, pieces })
      if (answer.is === 'full') throw new S3Error('InsufficientStorage')
      if (answer.is === 'unavailable') throw new ChunksUnavailable('the place of a new chunk')
    } finally {
      if (gathered !== undefined) sealedBuffers.giveBack(gathered)
    }
  }

  /** The frames, in `gathered` when there is one. */
  private async seal(
    { id, bytes }: NamedChunk,
    gathered: Buffer | undefined,
  ): Promise<readonly Uint8Array[]> {
    const key = chunkKey(this.deps.tenant, id)
    const pieces: Uint8Array[] = []
    let end = 0
    for (let at = 0; at < bytes.length; at += sealStepBytes) {
      if (at > 0) await setImmediate()
      const chunk = { length: bytes.length, first: at / blockBytes }
      for (const piece of sealBlocks(key, chunk, bytes.subarray(at, at + sealStepBytes))) {
        if (gathered === undefined) pieces.push(piece)
        else gathered.set(piece, end)
        end += piece.length
      }
    }
    return gathered === undefined ? pieces : [gathered.subarray(0, end)]
  }
}
