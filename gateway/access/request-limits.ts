// How many requests somebody may send: so many a second, and at once what he has saved up of two seconds. Each process
// counts for itself.
import { LRUCache } from 'lru-cache'

export type RequestLimits = {
  /** Undefined: he may go on. Else how long he has to wait, milliseconds. */
  take(key: string): number | undefined
}

type Bucket = { left: number; filledMs: number }

const heldMax = 100_000
const burstSeconds = 2

/** `clock`: milliseconds of a clock that does not jump. `perSecond` 0: as many as one likes. */
export function makeLimits(perSecond: number, clock: () => number): RequestLimits | undefined {
  if (perSecond === 0) return undefined
  const size = Math.max(1, perSecond * burstSeconds)
  // Whoever is forgotten had a full one, or there are very many.
  const buckets = new LRUCache<string, Bucket>({ max: heldMax })
  return {
    take: (key) => {
      const nowMs = clock()
      let bucket = buckets.get(key)
      if (bucket === undefined) {
        bucket = { left: size, filledMs: nowMs }
        buckets.set(key, bucket)
      }
      const { left, filledMs } = bucket
      bucket.left = Math.min(size, left + ((nowMs - filledMs) * perSecond) / 1_000)
      bucket.filledMs = nowMs
      if (bucket.left < 1) return Math.ceil(((1 - bucket.left) * 1_000) / perSecond)
      bucket.left -= 1
      return undefined
    },
  }
}
