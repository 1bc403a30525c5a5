// What is wrong with RabbitMQ is told once for as long as it goes on, though a network that is away says so in ever
// other words, and several parts meet it.

/** So many different ones are remembered. */
const rememberedMax = 32

export class ToldOutage {
  readonly #tell: (cause: unknown) => void
  readonly #told = new Set<string>()

  constructor(tell: (cause: unknown) => void) {
    this.#tell = tell
  }

  failed(cause: unknown): void {
    const message = cause instanceof Error ? cause.message : String(cause)
    if (this.#told.has(message) || this.#told.size >= rememberedMax) return
    this.#told.add(message)
    this.#tell(cause)
  }

  /** It has done well for a while: whatever comes now is another one. */
  ended(): void {
    this.#told.clear()
  }
}
