// How many requests are being handled, for whoever stops the server: one whose client has gone is no
// connection any more, and still uses the engines.

export class UnderWay {
  private count = 0
  private readonly onNone = new Set<() => void>()

  async run(work: () => Promise<void>): Promise<void> {
    this.count += 1
    try {
      await work()
    } finally {
      this.count -= 1
      if (this.count === 0) for (const tell of this.onNone) tell()
    }
  }

  /** Resolves when there are none, and after `patienceMs` in any case. */
  async ended(patienceMs: number): Promise<void> {
    if (this.count === 0) return
    await new Promise<void>((resolve) => {
      const done = () => {
        clearTimeout(timer)
        this.onNone.delete(done)
        resolve()
      }
      const timer = setTimeout(done, patienceMs)
      this.onNone.add(done)
    })
  }
}
