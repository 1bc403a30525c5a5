// What an upload has become once its body was received and its chunks stored: everything but the
// commit. `ingest.ts` makes it.
import assert from 'node:assert'
import type { ClaimRefused, NewPieceData } from '../../../metadata/metadata-store.ts'
import type { ChecksumAlgorithm } from '../../../metadata/records.ts'
import type { Digests } from '../digests/body-digests.ts'

/** What a committing verb answers: `committed`, or a reason why nothing was changed. */
export type CommitAnswer = { readonly is: string }

export interface StagedData {
  /** Plaintext bytes. */
  readonly size: number
  readonly md5: Buffer
  /** CRC-32 (IEEE) of the whole plaintext. */
  readonly crc32: number
  /** The raw digest, big endian. Only of what was asked for at `receive`; CRC32 is always there. */
  digest(algorithm: ChecksumAlgorithm): Buffer
  /**
   * Runs the committing verb, again after chunks that turned out `gone` were stored anew. Answers
   * what the verb answered. An answer other than `committed` means that nothing was taken over:
   * everything stored for it is given up. Throws S3Error `SlowDown` when the claims cannot be made good,
   * and what the verb throws. To be called once; releases the buffers, whatever comes.
   */
  commit<T extends CommitAnswer>(
    verb: (data: NewPieceData) => Promise<T | ClaimRefused>,
  ): Promise<Exclude<T, ClaimRefused>>
  /** Gives everything up: buffers, stored chunks, a staged list. Harmless after `commit`. */
  discard(): Promise<void>
}

/** The size and digests of a piece, however its bytes are kept. */
export class PieceSums {
  readonly size: number
  readonly crc32: number
  private readonly digests: Digests

  constructor(size: number, crc32: number, digests: Digests) {
    this.size = size
    this.crc32 = crc32
    this.digests = digests
  }

  get md5(): Buffer {
    return this.digestNamed('MD5')
  }

  digest(algorithm: ChecksumAlgorithm): Buffer {
    if (algorithm !== 'CRC32') return this.digestNamed(algorithm)
    const bytes = Buffer.allocUnsafe(4)
    bytes.writeUInt32BE(this.crc32)
    return bytes
  }

  private digestNamed(algorithm: Parameters<Digests['get']>[0]): Buffer {
    const digest = this.digests.get(algorithm)
    assert(digest !== undefined, `the ${algorithm} digest was not asked for`)
    return digest
  }
}

/** What is staged knows its sums, however its bytes are kept. */
export abstract class StagedPiece implements StagedData {
  private readonly sums: PieceSums

  constructor(sums: PieceSums) {
    this.sums = sums
  }

  get size(): number {
    return this.sums.size
  }
  get md5(): Buffer {
    return this.sums.md5
  }
  get crc32(): number {
    return this.sums.crc32
  }
  digest(algorithm: ChecksumAlgorithm): Buffer {
    return this.sums.digest(algorithm)
  }

  abstract commit<T extends CommitAnswer>(
    verb: (data: NewPieceData) => Promise<T | ClaimRefused>,
  ): Promise<Exclude<T, ClaimRefused>>
  abstract discard(): Promise<void>
}

/** A refusal that only this layer can act on. */
export function isClaimRefused(answer: CommitAnswer): answer is ClaimRefused {
  return answer.is === 'gone' || answer.is === 'lost'
}

export function isAnswer<T extends CommitAnswer>(
  answer: T | ClaimRefused,
): answer is Exclude<T, ClaimRefused> {
  return !isClaimRefused(answer)
}
