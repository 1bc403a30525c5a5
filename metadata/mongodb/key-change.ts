// A change of what lies beside one key, put together first and made in one command: every document that it replaces
// or removes must be as it was read, or all of it is refused.
import { type AnyBulkWriteOperation, type ClientSession, ObjectId } from 'mongodb'
import type { BucketId } from '../records.ts'
import { addUsage, noUsage, type Usage, type UsageChange, usageFields } from '../usage.ts'
import type { KeyDocument } from './documents.ts'
import { notePlace, topPlace, uploadPlace } from './key-places.ts'
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
  /** `KeyDocument.d` */
  readonly noted?: UsageChange | undefined
}

export class KeyChange {
  readonly place: KeyPlace
  readonly #operations: AnyBulkWriteOperation<KeyDocument>[] = []
  readonly #expected = { inserted: 0, matched: 0, deleted: 0 }
  /** What it adds to what the bucket holds, with what was noted in documents that it replaces or removes. */
  #usage: Usage = noUsage
  /** Puts a note into a document that stays. */
  #note: ((d: UsageChange) => void) | undefined

  constructor(place: KeyPlace) {
    this.place = place
  }

  /** How many documents it changes. */
  get size(): number {
    const isNoteApart = this.#note === undefined && this.#added !== undefined
    return this.#operations.length + (isNoteApart ? 1 : 0)
  }

  insert(s: string, fields: KeyFields): void {
    const { bucketId: b, key: k } = this.place
    const document: Mutable<KeyDocument> = { _id: new ObjectId(), b, k, s, ...fields }
    this.#operations.push({ insertOne: { document } })
    this.#expected.inserted += 1
    if (s !== topPlace && !s.startsWith(uploadPlace(''))) return
    this.#note ??= (d) => {
      document.d = d
    }
  }

  /** What the change adds to what the bucket holds; counted with it, or not at all. */
  count(change: UsageChange): void {
    this.#usage = addUsage(this.#usage, change)
  }

  /** The document is another one from now on, in its place. */
  replace(read: KeyRead, fields: KeyFields): void {
    const { bucketId: b, key: k } = this.place
    const x = (read.x ?? 0) + 1
    const replacement: Mutable<Omit<KeyDocument, '_id'>> = { b, k, s: read.s, ...fields, x }
    this.#operations.push({ replaceOne: { filter: this.#asRead(read), replacement } })
    this.#expected.matched += 1
    this.count(read.noted ?? {})
    this.#note ??= (d) => {
      replacement.d = d
    }
  }

  remove(read: KeyRead): void {
    this.#operations.push({ deleteOne: { filter: this.#asRead(read) } })
    this.#expected.deleted += 1
    this.count(read.noted ?? {})
  }

  /** What is to be noted; undefined: nothing. */
  get #added(): UsageChange | undefined {
    const fields = usageFields.filter((field) => this.#usage[field] !== 0)
    if (fields.length === 0) return undefined
    return Object.fromEntries(fields.map((field) => [field, this.#usage[field]]))
  }

  /** In a document that stays, or in one of its own. */
  #noteAdded(): void {
    const added = this.#added
    if (added === undefined) return
    if (this.#note !== undefined) this.#note(added)
    else this.insert(notePlace(new ObjectId().toHexString()), { d: added })
  }

  /** Throws `Conflict`. Several documents change together within a transaction alone. */
  async make(db: MongoDatabase, session?: ClientSession): Promise<void> {
    this.#noteAdded()
    const { insertedCount, matchedCount, deletedCount } = await db.objects.bulkWrite(
      this.#operations,
      session === undefined ? {} : { session },
    )
    const { inserted, matched, deleted } = this.#expected
    const isWhole =
      insertedCount === inserted && matchedCount === matched && deletedCount === deleted
    if (!isWhole) throw new Conflict()
  }

  #asRead({ s, x, rowId: r, noted }: KeyRead) {
    const { bucketId: b, key: k } = this.place
    // What was noted may have been counted since, with no other change of the document.
    const d = { $exists: noted !== undefined }
    return { b, k, s, x: x ?? { $exists: false }, d, ...(r === undefined ? {} : { r }) }
  }
}

type Mutable<T> = { -readonly [Field in keyof T]: T[Field] }
