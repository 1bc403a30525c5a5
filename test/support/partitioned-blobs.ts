// A blob store before which a network may be cut: of everything, of chosen chunks, or from a moment on. For
// what gateways make of `unavailable`, whatever engine stands behind.
import type {
  BlobCall,
  BlobDeleted,
  BlobRead,
  BlobReadCall,
  BlobState,
  BlobStore,
  BlobWritten,
  SealedChunk,
  WantedFrames,
} from '../../datanode/blob-store.ts'
import type { BlobRef, FrameRange } from '../../protocol/chunks/chunk-ref.ts'

type Verb = 'write' | 'hasMany' | 'read' | 'delete'

const allVerbs: readonly Verb[] = ['write', 'hasMany', 'read', 'delete']

export class PartitionedBlobs implements BlobStore {
  /** How often `unavailable` was answered. */
  refusals = 0
  /** A write that is cut off has come to one of the places all the same. */
  leavesCopies = false
  /** Called before each chunk is read. */
  beforeRead: () => void = () => {}
  private readonly real: BlobStore
  private readonly cutRefs = new Set<string>()
  private cutVerbs: readonly Verb[] = []

  constructor(real: BlobStore) {
    this.real = real
  }

  /** Of everything, or of some verbs. */
  cut(verbs: readonly Verb[] = allVerbs): void {
    this.cutVerbs = verbs
  }

  cutOff(refs: readonly BlobRef[]): void {
    for (const ref of refs) this.cutRefs.add(nameOf(ref))
  }

  heal(): void {
    this.cutVerbs = []
    this.cutRefs.clear()
    this.leavesCopies = false
    this.beforeRead = () => {}
  }

  async write(chunk: SealedChunk, call?: BlobCall): Promise<BlobWritten> {
    if (!this.isCut('write', chunk.ref)) return this.real.write(chunk, call)
    if (this.leavesCopies) await this.real.write(chunk, call)
    return { is: 'unavailable' }
  }

  async hasMany(refs: readonly BlobRef[], call?: BlobCall): Promise<readonly BlobState[]> {
    const states = await this.real.hasMany(refs, call)
    return refs.map((ref, at) =>
      this.isCut('hasMany', ref) ? 'unavailable' : (states[at] ?? 'absent'),
    )
  }

  async read(ref: BlobRef, range: FrameRange, call?: BlobReadCall): Promise<BlobRead> {
    this.beforeRead()
    return this.isCut('read', ref) ? { is: 'unavailable' } : this.real.read(ref, range, call)
  }

  async readMany(
    wanted: readonly WantedFrames[],
    call?: BlobReadCall,
  ): Promise<readonly BlobRead[]> {
    const reads = await this.real.readMany(wanted, call)
    return reads.map((read, at) => {
      this.beforeRead()
      const ref = wanted[at]?.ref
      return ref !== undefined && this.isCut('read', ref) ? { is: 'unavailable' } : read
    })
  }

  async delete(refs: readonly BlobRef[], call?: BlobCall): Promise<BlobDeleted> {
    const left = refs.filter((ref) => this.isCut('delete', ref))
    await this.real.delete(
      refs.filter((ref) => !left.includes(ref)),
      call,
    )
    return left.length === 0 ? { is: 'deleted' } : { is: 'unavailable', left }
  }

  private isCut(verb: Verb, ref: BlobRef): boolean {
    const isCut = this.cutVerbs.includes(verb) || this.cutRefs.has(nameOf(ref))
    if (isCut) this.refusals += 1
    return isCut
  }
}

function nameOf(ref: BlobRef): string {
  return `${ref.id.toString('hex')} ${ref.generation}`
}
