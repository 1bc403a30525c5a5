// How long a job waits that has failed.
import type { RandomBytes } from '../../protocol/chunks/new-generation.ts'

const firstPauseMs = 5_000
/** So that what has failed together does not come again together. */
const jitterShare = 0.1

/** Milliseconds after the attempt of this number, from 1: twice as long each time, and a little more. */
export function retryPause(attempts: number, random: RandomBytes): number {
  const jitter = 1 + jitterShare * ((random(1)[0] ?? 0) / 256)
  return Math.round(firstPauseMs * 2 ** Math.max(0, attempts - 1) * jitter)
}
