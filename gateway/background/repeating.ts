// A job done again and again with a pause between, never twice at once, that can be stopped.

import { ToldFailures } from '../../protocol/told-failures.ts'

export type RepeatingJob = {
  readonly name: string
  /** Between the end of one run and the start of the next. */
  readonly pauseMs: number
  /** Answers whether there is more to do at once. */
  readonly run: (signal: AbortSignal) => Promise<'again' | 'idle'>
}

export interface Repeating {
  /** Resolves when the run under way, if any, has ended. */
  stop(): Promise<void>
}

/**
 * A run that throws is reported, unless it ends because it is stopped, and the job goes on after its pause.
 * Equal failures are reported once, until a run has done well again.
 */
export function repeat(
  job: RepeatingJob,
  onFailure: (job: string, cause: unknown) => void,
): Repeating {
  const stopping = new AbortController()
  let wake = () => {}
  const pause = () =>
    new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, job.pauseMs)
      timer.unref()
      wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  const loop = async () => {
    const failures = new ToldFailures((cause) => onFailure(job.name, cause))
    while (!stopping.signal.aborted) {
      let outcome: 'again' | 'idle' = 'idle'
      try {
        outcome = await job.run(stopping.signal)
        failures.ended()
      } catch (cause) {
        const isStopped = stopping.signal.aborted && cause === stopping.signal.reason
        if (!isStopped) failures.failed(cause)
      }
      if (outcome === 'idle' && !stopping.signal.aborted) await pause()
    }
  }
  const ended = loop()
  return {
    stop: () => {
      stopping.abort()
      wake()
      return ended
    },
  }
}
