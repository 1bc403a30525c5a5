// How many calls a client has under way at once. The others wait for their turn, in the order they came, for as
// long as they have time.
import { Deadlines } from './deadlines.ts'

export type TurnLimits = { readonly endsMs: number; readonly signal: AbortSignal | undefined }
type Waiting = { readonly begin: () => void }

export class CallTurns {
  readonly #callsMax: number
  readonly #deadlines = new Deadlines()
  readonly #waiting = new Set<Waiting>()
  #taken = 0

  constructor(callsMax: number) {
    this.#callsMax = callsMax
  }

  /** Whether there is one at once; it is to be given back. */
  tryTake(): boolean {
    if (this.#taken >= this.#callsMax) return false
    this.#taken += 1
    return true
  }

  /** `true`: it has its turn. `false`: it has waited in vain, for time or signal. */
  wait({ endsMs, signal }: TurnLimits): Promise<boolean> {
    return new Promise((resolve) => {
      const settle = (hasTurn: boolean) => {
        this.#waiting.delete(waiting)
        this.#deadlines.delete(deadline)
        signal?.removeEventListener('abort', giveUp)
        resolve(hasTurn)
      }
      const giveUp = () => settle(false)
      const waiting = { begin: () => settle(true) }
      const deadline = { endsMs, pass: giveUp }
      this.#waiting.add(waiting)
      this.#deadlines.add(deadline)
      signal?.addEventListener('abort', giveUp, { once: true })
    })
  }

  giveBack(): void {
    const [next] = this.#waiting
    if (next === undefined) this.#taken -= 1
    else next.begin()
  }
}
