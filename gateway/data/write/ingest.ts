// Takes the body of an object or part in: digests it, cuts it into chunks, stores those that are not
// known yet. Knows nothing of buckets, keys or versions: the commit is the caller's (`StagedData`).
import type { BlobStore } from '../../../datanode/blob-store.ts'
import type { ChunkCatalog } from '../../../metadata/metadata-store.ts'
import type { ChecksumAlgorithm, ChunkListId } from '../../../metadata/records.ts'
import type { RandomBytes } from '../../../protocol/chunks/new-generation.ts'
import { pooledRandom } from '../../../protocol/chunks/pooled-random.ts'
import type { Checksums } from '../../../protocol/s3/checksums/streaming-digest.ts'
import type { TenantKeys } from '../../access/keys/tenant-keys.ts'
import type { HashPool } from '../digests/hash-pool.ts'
import type { IngestBudget } from './ingest-budget.ts'
import { newListId } from './piece-claims.ts'
import type { StagedData } from './staged-data.ts'
import { UploadIntake } from './upload-intake.ts'

export type IngestDeps = {
  readonly chunks: ChunkCatalog
  readonly blobs: BlobStore
  readonly budget: IngestBudget
  readonly hashPool: HashPool
  readonly checksums: Checksums
  readonly random: RandomBytes
  /** Whose the chunk lists are that are begun now (`metadata/owner-store.ts`). */
  readonly owner: () => string
  readonly nowMs: () => number
  /** Told when giving up a failed upload failed itself; what is left then, the orphan sweep finds. */
  readonly onLeftover: (cause: unknown) => void
}

export type ReceiveOptions = {
  readonly tenant: TenantKeys
  /** What is to be computed besides MD5 and CRC-32. */
  readonly digests: ReadonlySet<Exclude<ChecksumAlgorithm, 'CRC32'>>
  /** The length announced, if any, in bytes. Only saves work; it is not checked here. */
  readonly sizeHint?: number
  /** A longer body throws S3Error `EntityTooLarge`. Bytes. */
  readonly sizeMax: number
}

export class Ingest {
  private readonly deps: IngestDeps

  constructor(deps: IngestDeps) {
    this.deps = { ...deps, random: pooledRandom(deps.random) }
  }

  /**
   * Reads the body to its end. What the body throws is thrown on, after everything was given up;
   * S3Error `InsufficientStorage` when there is no room, `ChunksUnavailable` when nothing can be stored now.
   * Buffers must not change after the body has yielded them.
   */
  async receive(body: AsyncIterable<Buffer>, options: ReceiveOptions): Promise<StagedData> {
    const receiving = new UploadIntake(this.deps, options)
    try {
      for await (const piece of body) {
        const wait = receiving.push(piece)
        if (wait !== undefined) await wait
      }
      return await receiving.finish()
    } catch (cause) {
      await receiving.giveUp()
      throw cause
    }
  }
  /** The name of a chunk list that a copy by reference fills, and whose the list is until a commit. */
  newList(): { readonly listId: ChunkListId; readonly owner: string } {
    return { listId: newListId(this.deps.random), owner: this.deps.owner() }
  }
}
