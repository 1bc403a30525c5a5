// A blob node in memory, written for tests of what stands on the ports: it can be told to be full, to
// lose or damage chunks, to fail, and to take its time.
import { strict as assert } from 'node:assert'
import type {
  BlobPage,
  BlobUsage,
  ListedBlobs,
  OpenedNode,
  Reclaimed,
  Scrubbed,
} from '../../datanode/blob-node.ts'
import type {
  BlobCall,
  BlobDeleted,
  BlobRead,
  BlobReadCall,
  BlobState,
  BlobWritten,
  SealedChunk,
  WantedFrames,
} from '../../datanode/blob-store.ts'
import {
  type BlobRef,
  type FrameRange,
  frameBytesMax,
  parseChunkId,
  parseGeneration,
} from '../../protocol/chunks/chunk-ref.ts'
import { digestPieces } from '../../protocol/chunks/frame-crc.ts'

const roomBytes = 2 ** 40

export class MemoryBlobStore implements OpenedNode {
  readonly recovery = undefined
  readonly blobs = new Map<string, Buffer>()
  /** Those of `blobs` that a read or a scrub would have found corrupt. */
  readonly bad = new Set<string>()
  readonly reads: { readonly first: number; readonly count: number }[] = []
  writes = 0
  takesNothing = false
  failure: Error | undefined
  /** Awaited before a write is done. */
  beforeWrite: () => Promise<void> = async () => {}
  /** Those written since it was opened, and when. */
  private readonly writtenMs = new Map<string, number>()
  private deadBytes = 0
  private scrubbed = 0

  async write(chunk: SealedChunk, call?: BlobCall): Promise<BlobWritten> {
    call?.signal?.throwIfAborted()
    const frames = Buffer.concat(chunk.pieces)
    assert(digestPieces(chunk.pieces, chunk.length) !== undefined, 'a chunk was sealed wrongly')
    await this.beforeWrite()
    if (this.failure !== undefined) throw this.failure
    if (this.takesNothing) return { is: 'full' }
    const name = nameOf(chunk.ref)
    this.writes += 1
    this.blobs.set(name, frames)
    this.bad.delete(name)
    this.writtenMs.set(name, Date.now())
    return { is: 'stored' }
  }

  async hasMany(refs: readonly BlobRef[], call?: BlobCall): Promise<readonly BlobState[]> {
    call?.signal?.throwIfAborted()
    return refs.map((ref) => {
      const name = nameOf(ref)
      if (!this.blobs.has(name)) return 'absent'
      return this.bad.has(name) ? 'bad' : 'good'
    })
  }

  async read(ref: BlobRef, range: FrameRange, call?: BlobReadCall): Promise<BlobRead> {
    call?.signal?.throwIfAborted()
    this.reads.push({ first: range.first, count: range.count })
    const frames = this.blobs.get(nameOf(ref))
    if (frames === undefined) return { is: 'absent' }
    if (this.bad.has(nameOf(ref))) return { is: 'corrupt' }
    const start = range.first * frameBytesMax
    return {
      is: 'found',
      frames: Buffer.from(frames.subarray(start, start + range.count * frameBytesMax)),
    }
  }

  readMany(wanted: readonly WantedFrames[], call?: BlobReadCall): Promise<BlobRead[]> {
    return Promise.all(wanted.map(({ ref, range }) => this.read(ref, range, call)))
  }

  async delete(refs: readonly BlobRef[], call?: BlobCall): Promise<BlobDeleted> {
    call?.signal?.throwIfAborted()
    for (const ref of refs) {
      this.deadBytes += this.blobs.get(nameOf(ref))?.length ?? 0
      this.blobs.delete(nameOf(ref))
    }
    return { is: 'deleted' }
  }

  async list({ after, limit, minAgeMs }: ListedBlobs, call?: BlobCall): Promise<BlobPage> {
    call?.signal?.throwIfAborted()
    const newestMs = Date.now() - minAgeMs
    const names = [...this.blobs.keys()]
      .filter((name) => name > (after ?? '') && (this.writtenMs.get(name) ?? -1) <= newestMs)
      .sort()
      .slice(0, limit)
    const last = names.at(-1)
    const blobs = names.map(refOf)
    return last === undefined || names.length < limit ? { blobs } : { blobs, next: last }
  }

  async reclaim(budgetBytes: number, call?: BlobCall): Promise<Reclaimed> {
    call?.signal?.throwIfAborted()
    const freedBytes = Math.min(budgetBytes, this.deadBytes)
    this.deadBytes -= freedBytes
    return { is: freedBytes > 0 ? 'worked' : 'idle', freedBytes }
  }

  async scrub(budgetBytes: number, call?: BlobCall): Promise<Scrubbed> {
    call?.signal?.throwIfAborted()
    const entries = [...this.blobs].slice(this.scrubbed)
    const corrupt: BlobRef[] = []
    let bytes = 0
    for (const [name, frames] of entries) {
      if (bytes >= budgetBytes) return { corrupt, wrapped: false, problems: [] }
      this.scrubbed += 1
      bytes += frames.length
      if (this.bad.has(name)) corrupt.push(refOf(name))
    }
    this.scrubbed = 0
    return { corrupt, wrapped: true, problems: [] }
  }

  async usage(call?: BlobCall): Promise<BlobUsage> {
    call?.signal?.throwIfAborted()
    let liveBytes = 0
    for (const frames of this.blobs.values()) liveBytes += frames.length
    const diskBytes = liveBytes + this.deadBytes
    const chunks = this.blobs.size
    return { liveBytes, diskBytes, roomBytes: this.takesNothing ? 0 : roomBytes, chunks }
  }

  async isFull(): Promise<boolean> {
    return this.takesNothing
  }

  async maintain(): Promise<void> {}

  async adoptOrphanSegments(): Promise<[]> {
    return []
  }

  /** As if it were closed and opened anew. */
  reopen(): this {
    this.writtenMs.clear()
    return this
  }

  async close(): Promise<void> {}
}

function nameOf(ref: BlobRef): string {
  return `${ref.id.toString('hex')} ${ref.generation}`
}

function refOf(name: string): BlobRef {
  const [id = '', generation] = name.split(' ')
  return {
    id: parseChunkId(Buffer.from(id, 'hex')),
    generation: parseGeneration(Number(generation)),
  }
}
