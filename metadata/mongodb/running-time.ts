// How long those who serve this database have been running in all. One process at a time counts it: whoever has claimed
// the sweeps (`gateway/background/sweeps-work.ts`). Of two who overlap for a moment, that moment counts twice.
import type { MongoDatabase } from './mongo-database.ts'

type NumberDocument = { readonly _id: string; readonly n: number }

const servedName = 'served'
/** Up to which running time deletions are deferred. */
const deferredName = 'deferred'

export class RunningTime {
  readonly #db: MongoDatabase
  constructor(db: MongoDatabase) {
    this.#db = db
  }

  /** Milliseconds in all. */
  nowMs(): Promise<number> {
    return this.#numberOf(servedName)
  }

  async add(elapsedMs: number): Promise<number> {
    const n = Math.max(0, Math.floor(elapsedMs))
    const changed = await this.#db.retrying(() =>
      this.#meta.findOneAndUpdate(
        { _id: servedName },
        { $inc: { n } },
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

  async #numberOf(name: string): Promise<number> {
    const found = await this.#db.run(() => this.#meta.findOne({ _id: name }))
    return found?.n ?? 0
  }

  get #meta() {
    return this.#db.collection<NumberDocument>('meta')
  }
}
