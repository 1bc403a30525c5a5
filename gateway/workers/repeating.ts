// A job done again and again with a pause between, never twice at once, that can be stopped.

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

/** A run that throws is reported, and the job goes on after its pause. */
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
    while (!stopping.signal.aborted) {
      let outcome: 'again' | 'idle' = 'idle'
      try {
        outcome = await job.run(stopping.signal)
      } catch (cause) {
        onFailure(job.name, cause)
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
