// Large buffers of one size that are used again and again: memory that the collector would otherwise
// have to find, and the kernel to clear, for every chunk. Let go of when nothing has used them lately.

export class IdleBuffers {
  private readonly allocate: () => Buffer
  private readonly keepMs: number
  private readonly countMax: number
  private idle: Buffer[] = []
  private keepTimer: NodeJS.Timeout | undefined

  /** `keepMs`: buffers are let go of when none came back in this time. `countMax`: of those kept. */
  constructor(options: {
    readonly allocate: () => Buffer
    readonly keepMs: number
    readonly countMax?: number
  }) {
    this.allocate = options.allocate
    this.keepMs = options.keepMs
    this.countMax = options.countMax ?? Number.POSITIVE_INFINITY
  }

  get count(): number {
    return this.idle.length
  }

  /** Holds anything. */
  take(): Buffer {
    return this.idle.pop() ?? this.allocate()
  }

  giveBack(buffer: Buffer): void {
    if (this.idle.length < this.countMax) this.idle.push(buffer)
    this.keepTimer ??= setTimeout(() => {
      this.keepTimer = undefined
      this.idle = []
    }, this.keepMs).unref()
    this.keepTimer.refresh()
  }
}
