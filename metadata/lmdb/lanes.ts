// Work that is begun in order, and of which only so much runs at once.

export class Lanes {
  readonly #lanes: Promise<unknown>[]
  #next = 0

  constructor(width: number) {
    this.#lanes = Array.from({ length: width }, () => Promise.resolve())
  }

  run<T>(work: () => Promise<T>): Promise<T> {
    const lane = this.#next
    this.#next = (lane + 1) % this.#lanes.length
    const result = (this.#lanes[lane] ?? Promise.resolve()).then(work)
    this.#lanes[lane] = result.catch(() => undefined)
    return result
  }
}
