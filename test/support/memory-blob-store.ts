// A BlobStore in memory, written for tests of what stands on the port: it can be told to be full, to
// lose or damage chunks, to fail, and to take its time.
import type {
  BlobPage,
  BlobRead,
  BlobStore,
  SealedChunk,
  WantedFrames,
} from '../../datanode/blob-store.ts'
import { type BlobRef, frameBytesMax, sealedBytes } from '../../protocol/chunks/chunk-ref.ts'

export class MemoryBlobStore implements BlobStore {
  readonly blobs = new Map<string, Buffer>()
  /** Those of `blobs` that a read or a scrub would have found corrupt. */
  readonly bad = new Set<string>()
  readonly reads: { readonly first: number; readonly count: number }[] = []
  writes = 0
  isFull = false

  async hasRoom(): Promise<boolean> {
    return !this.isFull
  }
  failure: Error | undefined
  /** Awaited before a write is done. */
  beforeWrite: () => Promise<void> = async () => {}

  async write(chunk: SealedChunk): Promise<{ readonly is: 'stored' } | { readonly is: 'full' }> {
    await this.beforeWrite()
    if (this.failure !== undefined) throw this.failure
    if (this.isFull) return { is: 'full' }
    const frames = Buffer.concat(chunk.pieces)
    if (frames.length !== sealedBytes(chunk.length)) throw new Error('frames of a wrong length')
    this.writes += 1
    this.blobs.set(nameOf(chunk.ref), frames)
    this.bad.delete(nameOf(chunk.ref))
    return { is: 'stored' }
  }

  async has(ref: BlobRef): Promise<'good' | 'bad' | 'absent'> {
    if (!this.blobs.has(nameOf(ref))) return 'absent'
    return this.bad.has(nameOf(ref)) ? 'bad' : 'good'
  }

  async read(
    ref: BlobRef,
    range: { first: number; count: number; length: number },
  ): Promise<BlobRead> {
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

  readMany(wanted: readonly WantedFrames[]): Promise<BlobRead[]> {
    return Promise.all(wanted.map(({ ref, range }) => this.read(ref, range)))
  }

  async delete(refs: readonly BlobRef[]): Promise<void> {
    for (const ref of refs) this.blobs.delete(nameOf(ref))
  }

  async list(): Promise<BlobPage> {
    throw new Error('nothing here pages through blobs')
  }

  async reclaim(): Promise<{ readonly is: 'idle'; readonly freedBytes: number }> {
    return { is: 'idle', freedBytes: 0 }
  }

  async scrub() {
    return { corrupt: [], wrapped: true, problems: [] }
  }

  async usage() {
    let liveBytes = 0
    for (const frames of this.blobs.values()) liveBytes += frames.length
    return { liveBytes, diskBytes: liveBytes, chunks: this.blobs.size }
  }

  async close(): Promise<void> {}
}

function nameOf(ref: BlobRef): string {
  return `${ref.id.toString('hex')} ${ref.generation}`
}
