// The clock of the server, by which spans of time are told: those who share a database need not have clocks that
// agree. Nothing that must be right rests on it.
import type { MongoDatabase } from './mongo-database.ts'

/** How long a difference is believed, in milliseconds. */
const believedMs = 60_000

export class ServerClock {
  readonly #db: MongoDatabase
  readonly #nowMs: () => number
  #differenceMs = 0
  #askedAt = Number.NEGATIVE_INFINITY

  constructor(db: MongoDatabase, nowMs: () => number) {
    this.#db = db
    this.#nowMs = nowMs
  }

  /** Milliseconds since 1970, a whole number. Costs a command once in a while. */
  async nowMs(): Promise<number> {
    if (performance.now() - this.#askedAt > believedMs) await this.#ask()
    return Math.round(this.#nowMs() + this.#differenceMs)
  }

  async #ask(): Promise<void> {
    const answer = await this.#db.run(() => this.#db.db.command({ hello: 1 }))
    const { localTime } = answer
    if (localTime instanceof Date) this.#differenceMs = localTime.getTime() - this.#nowMs()
    this.#askedAt = performance.now()
  }
}
