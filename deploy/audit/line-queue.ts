// Lines that wait for a sink, in order and of bounded size.

export type Lines = {
  /** Each with its end. */
  readonly text: string
  readonly count: number
}

type Waiting = Lines & { readonly bytes: number }

export class LineQueue {
  readonly #bytesMax: number
  #waiting: Waiting[] = []
  #first = 0
  #bytes = 0
  #lines = 0

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax
  }

  get lines(): number {
    return this.#lines
  }

  get bytes(): number {
    return this.#bytes
  }

  /** Half of the room is free again. */
  get isRoomy(): boolean {
    return this.#bytes <= this.#bytesMax / 2
  }

  /** False: there is no room, and nothing was added. */
  add({ text, count }: Lines): boolean {
    const bytes = Buffer.byteLength(text)
    if (this.#bytes + bytes > this.#bytesMax) return false
    this.#waiting.push({ text, count, bytes })
    this.#bytes += bytes
    this.#lines += count
    return true
  }

  /**
   * The first lines, at most so many bytes of them but one entry at least, and how to be rid of them. They go on
   * taking room until then.
   */
  peek(bytesMax: number): { readonly lines: Lines; readonly remove: () => void } | undefined {
    let text = ''
    let count = 0
    let bytes = 0
    let end = this.#first
    for (; end < this.#waiting.length; end += 1) {
      const next = this.#waiting[end]
      if (next === undefined || (count > 0 && bytes + next.bytes > bytesMax)) break
      text += next.text
      count += next.count
      bytes += next.bytes
    }
    if (count === 0) return undefined
    const remove = () => {
      this.#bytes -= bytes
      this.#lines -= count
      this.#first = end
      this.#forget()
    }
    return { lines: { text, count }, remove }
  }

  /** What was removed is let go of: at once where nothing is left, else from time to time. */
  #forget(): void {
    if (this.#first === this.#waiting.length) this.#waiting = []
    else if (this.#first < 1_000) return
    else this.#waiting = this.#waiting.slice(this.#first)
    this.#first = 0
  }
}
