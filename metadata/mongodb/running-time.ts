// How long those who serve this database have been running in all. Several run side by side, and an hour of
// theirs is one hour: each counts on from what the time was when it began, and the time is that of whoever
// is furthest. So it never passes faster than it does on a wall, and what waits for days of it waits for days.
import type { MongoDatabase } from './mongo-database.ts'

type NumberDocument = { readonly _id: string; readonly n: number }

const servedName = 'served'
/** Up to which running time deletions are deferred. */
const deferredName = 'deferred'

export class RunningTime {
  readonly #db: MongoDatabase
  /** What the time was when this process began to count, and what it has counted since. */
  #began: Promise<number> | undefined
  #countedMs = 0

  constructor(db: MongoDatabase) {
    this.#db = db
  }

  /** Milliseconds in all. */
  nowMs(): Promise<number> {
    return this.#numberOf(servedName)
  }

  async add(elapsedMs: number): Promise<number> {
    const moreMs = Math.max(0, Math.floor(elapsedMs))
    const beganMs = await this.#beganMs(moreMs)
    this.#countedMs += moreMs
    const changed = await this.#db.retrying(() =>
      this.#meta.findOneAndUpdate(
        { _id: servedName },
        { $max: { n: beganMs + this.#countedMs } },
        { upsert: true, returnDocument: 'after' },
      ),
    )
    return changed?.n ?? 0
  }

  async deferDeletions(ms: number): Promise<void> {
    const n = (await this.nowMs()) + ms
    await this.#db.retrying(() =>
      this.#meta.updateOne({ _id: deferredName }, { $set: { n } }, { upsert: true }),
    )
  }

  async defersDeletions(): Promise<boolean> {
    const _id = { $in: [servedName, deferredName] }
    const found = await this.#db.run(() => this.#meta.find({ _id }).toArray())
    const numberOf = (name: string) => found.find((document) => document._id === name)?.n ?? 0
    return numberOf(servedName) < numberOf(deferredName)
  }

  /** Others may have counted what has passed here until it is asked for the first time. */
  async #beganMs(countedMs: number): Promise<number> {
    this.#began ??= this.nowMs().then((nowMs) => Math.max(0, nowMs - countedMs))
    try {
      return await this.#began
    } catch (failure) {
      this.#began = undefined
      throw failure
    }
  }

  async #numberOf(name: string): Promise<number> {
    const found = await this.#db.run(() => this.#meta.findOne({ _id: name }))
    return found?.n ?? 0
  }

  get #meta() {
    return this.#db.collection<NumberDocument>('meta')
  }
}
