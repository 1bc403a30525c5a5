// How many may do something at once; the others wait for their turn, in the order they came, for as long as they
// have time.

export class Turns {
  readonly #most: number
  readonly #waiting = new Set<() => void>()
  #taken = 0

  constructor(most: number) {
    this.#most = most
  }

  /** False: it has waited so many milliseconds in vain. */
  async take(ms: number): Promise<boolean> {
    if (this.#taken < this.#most) {
      this.#taken += 1
      return true
    }
    return new Promise((resolve) => {
      const begin = () => {
        clearTimeout(late)
        resolve(true)
      }
      const late = setTimeout(() => {
        this.#waiting.delete(begin)
        resolve(false)
      }, ms)
      this.#waiting.add(begin)
    })
  }

  giveBack(): void {
    const [next] = this.#waiting
    if (next === undefined) {
      this.#taken -= 1
      return
    }
    this.#waiting.delete(next)
    next()
  }
}
