// How long a job waits that has failed.

const firstPauseMs = 5_000

/** Milliseconds after the attempt of this number, from 1: twice as long each time. */
export function retryPause(attempts: number): number {
  return firstPauseMs * 2 ** Math.max(0, attempts - 1)
}
