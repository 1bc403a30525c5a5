// What an upload has become once its body was received and its chunks stored: everything but the
// commit. `ingest.ts` makes it.
import type { ClaimRefused, NewPieceData } from '../../metadata/metadata-store.ts'
import type { ChecksumAlgorithm } from '../../metadata/records.ts'

export interface ReceivedPiece {
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
  commit<T extends { readonly is: string }>(
    verb: (data: NewPieceData) => Promise<T | ClaimRefused>,
  ): Promise<Exclude<T, ClaimRefused>>
  /** Gives everything up: buffers, stored chunks, a staged list. Harmless after `commit`. */
  discard(): Promise<void>
}
