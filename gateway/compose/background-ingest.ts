// An `Ingest` for the process that does background work, which may serve no requests and has none of its
// own. It is made when it is asked for first, since most servers never need one.
import { loadChecksums } from '../../protocol/s3/checksums/streaming-digest.ts'
import { HashPool } from '../data/digests/hash-pool.ts'
import { Ingest } from '../data/write/ingest.ts'
import { IngestBudget } from '../data/write/ingest-budget.ts'
import type { GatewayDeps } from './compose-gateway.ts'

export type BackgroundIngest = {
  readonly ingest: () => Promise<Ingest>
  /** To be called when nothing is taken in any more. */
  close(): Promise<void>
}

const hashThreads = 1
/** Chunks that fill or are on their way. */
const buffersMax = 16

export function backgroundIngest(
  parts: Omit<GatewayDeps, 'config'>,
  leftBehind: string,
): BackgroundIngest {
  const { metadata, blobs, random, now, log } = parts
  const hashPool = new HashPool({ threadsMax: hashThreads })
  const make = async () =>
    new Ingest({
      chunks: metadata.chunks,
      blobs,
      budget: new IngestBudget({ buffersMax, nowMs: now }),
      hashPool,
      checksums: await loadChecksums(),
      random,
      owner: parts.owner,
      nowMs: now,
      onLeftover: (cause) => log.warn(leftBehind, { cause }),
    })
  let made: Promise<Ingest> | undefined
  return {
    ingest: () => {
      made ??= make()
      return made
    },
    close: () => hashPool.close(),
  }
}
