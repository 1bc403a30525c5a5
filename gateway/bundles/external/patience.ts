// How long somebody waits for a source: for each next sign of life so long, for all together until a
// signal says that it is enough. Time in which nobody waits for it does not count.

export class Patience {
  private readonly silent = new AbortController()
  private readonly silenceMs: number
  /** Aborts what waits. */
  readonly signal: AbortSignal

  constructor({ silenceMs, signal }: { readonly silenceMs: number; readonly signal: AbortSignal }) {
    this.silenceMs = silenceMs
    this.signal = AbortSignal.any([this.silent.signal, signal])
  }

  /** What was waited for and did not come. Absent: nothing was. */
  get lost(): 'silence' | 'time' | undefined {
    if (this.silent.signal.aborted) return 'silence'
    return this.signal.aborted ? 'time' : undefined
  }

  /** Waits for a sign of life. */
  async during<T>(sign: Promise<T>): Promise<T> {
    const timer = setTimeout(() => this.silent.abort(), this.silenceMs)
    try {
      return await sign
    } finally {
      clearTimeout(timer)
    }
  }
}
