// How many requests are being handled, for whoever stops the server: one whose client has gone is no
// connection any more, and still uses the engines.

export class UnderWay {
  private count = 0
  private onNone: (() => void) | undefined

  async run(work: () => Promise<void>): Promise<void> {
    this.count += 1
    try {
      await work()
    } finally {
      this.count -= 1
      if (this.count === 0) this.onNone?.()
    }
  }

  /** Resolves when there are none, and after `patienceMs` in any case. */
  async ended(patienceMs: number): Promise<void> {
    if (this.count === 0) return
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, patienceMs)
      this.onNone = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }
}
