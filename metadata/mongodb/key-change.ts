// A change of what lies beside one key, put together first and made in one command: every document that it replaces
// or removes must be as it was read, or all of it is refused.
import { type AnyBulkWriteOperation, type ClientSession, ObjectId } from 'mongodb'
import type { BucketId } from '../records.ts'
import type { KeyDocument } from './documents.ts'
import type { MongoDatabase } from './mongo-database.ts'
import { Conflict } from './mongo-failures.ts'

export type KeyPlace = { readonly bucketId: BucketId; readonly key: string }
/** What a document says besides where it lies. */
export type KeyFields = Omit<KeyDocument, '_id' | 'b' | 'k' | 's'>
/** A document as it was read. Of a version, its row id tells it from one that has come to its place since. */
export type KeyRead = {
  readonly s: string
  readonly x: number | undefined
  readonly rowId?: string
}

export class KeyChange {
  readonly place: KeyPlace
  readonly #operations: AnyBulkWriteOperation<KeyDocument>[] = []
  readonly #expected = { inserted: 0, matched: 0, deleted: 0 }

  constructor(place: KeyPlace) {
    this.place = place
  }

  /** How many documents it changes. */
  get size(): number {
    return this.#operations.length
  }

  insert(s: string, fields: KeyFields): void {
    const { bucketId: b, key: k } = this.place
    this.#operations.push({ insertOne: { document: { _id: new ObjectId(), b, k, s, ...fields } } })
    this.#expected.inserted += 1
  }

  /** The document is another one from now on, in its place. */
  replace(read: KeyRead, fields: KeyFields): void {
    const { bucketId: b, key: k } = this.place
    const replacement = { b, k, s: read.s, ...fields, x: (read.x ?? 0) + 1 }
    this.#operations.push({ replaceOne: { filter: this.#asRead(read), replacement } })
    this.#expected.matched += 1
  }

  remove(read: KeyRead): void {
    this.#operations.push({ deleteOne: { filter: this.#asRead(read) } })
    this.#expected.deleted += 1
  }

  /** Throws `Conflict`. Several documents change together within a transaction alone. */
  async make(db: MongoDatabase, session?: ClientSession): Promise<void> {
    const { insertedCount, matchedCount, deletedCount } = await db.objects.bulkWrite(
      this.#operations,
      session === undefined ? {} : { session },
    )
    const { inserted, matched, deleted } = this.#expected
    const isWhole =
      insertedCount === inserted && matchedCount === matched && deletedCount === deleted
    if (!isWhole) throw new Conflict()
  }

  #asRead({ s, x, rowId: r }: KeyRead) {
    const { bucketId: b, key: k } = this.place
    return { b, k, s, x: x ?? { $exists: false }, ...(r === undefined ? {} : { r }) }
  }
}
