// What is made of a bucket's settings, kept by the revision that its row tells with each request: asking reads nothing while
// nothing was set since, and what was set counts at once, in every process.
import { LRUCache } from 'lru-cache'
import type { Bucket, BucketId } from '../../metadata/records.ts'

type Held<Value extends object> = { readonly revision: number; readonly value: Value }

export type ByRevisionOptions<Value extends object> = {
  /** As much is kept, roughly. */
  readonly bytesMax: number
  /** Of so many buckets at most. Default: as many as find room. */
  readonly countMax?: number
  readonly weigh: (value: Value) => number
  /** Asked when it is not known. What was set since the row was read is taken for what was there: it is what holds now. */
  readonly load: (bucket: Bucket) => Promise<Value>
  /** Of a bucket of which nothing was ever set. */
  readonly unset: Value
}

export class ByRevision<Value extends object> {
  readonly #options: ByRevisionOptions<Value>
  readonly #held: LRUCache<BucketId, Held<Value>>

  constructor(options: ByRevisionOptions<Value>) {
    this.#options = options
    this.#held = new LRUCache({
      ...(options.countMax === undefined ? {} : { max: options.countMax }),
      maxSize: options.bytesMax,
      sizeCalculation: ({ value }) => options.weigh(value),
    })
  }

  /** Throws what loading throws. */
  of(bucket: Bucket): Value | Promise<Value> {
    if (bucket.configRevision === 0) return this.#options.unset
    const held = this.#held.get(bucket.id)
    return held?.revision === bucket.configRevision ? held.value : this.#load(bucket)
  }

  async #load(bucket: Bucket): Promise<Value> {
    const value = await this.#options.load(bucket)
    this.#held.set(bucket.id, { revision: bucket.configRevision, value })
    return value
  }
}
