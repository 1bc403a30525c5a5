// The database that all nouns of this engine share, and the two ways to reach it: `run` for what is one
// command, `transact` for what must happen together.
//
// Writes are acknowledged by a majority, journaled; reads are of the primary and of what a majority has. A
// primary that was deposed and does not know it yet may answer a read with what was true some seconds ago;
// nothing it writes is acknowledged, so that everything which decides (conditions, claims) is a write.
import { setTimeout } from 'node:timers/promises'
import {
  type ClientSession,
  type Collection,
  type Db,
  type Document,
  type MongoClient,
  MongoError,
  MongoServerError,
  type Timestamp,
  type TransactionOptions,
} from 'mongodb'
import { StoreUnavailable } from '../store-unavailable.ts'
import { bounded } from './bounded-collection.ts'
import type {
  AccessKeyDocument,
  BucketDocument,
  ChunkDocument,
  JobDocument,
  KeyDocument,
  ListDocument,
  OwnerDocument,
  TaskDocument,
  TenantDocument,
} from './documents.ts'
import { isConflict, isOutOfReach, isTurnedAway } from './mongo-failures.ts'
import { Turns } from './turns.ts'

export type MongoDatabaseOptions = {
  readonly client: MongoClient
  readonly name: string
  /** How long a verb may try, in milliseconds. */
  readonly verbMs?: number
}

/** What runs within one transaction. */
export type Transaction = {
  readonly session: ClientSession
  /** What was written is undone at the end, and the answer given all the same. */
  undo(): void
}

const defaultVerbMs = 15_000
const pauseMaxMs = 100
/** At once, of one process: fewer than it has connections, which are for reads too. */
const transactionsMax = 48
/** How long the server works for one command. */
const commandMs = 15_000
const transactionOptions: TransactionOptions = {
  readConcern: { level: 'snapshot' },
  writeConcern: { w: 'majority', journal: true },
  readPreference: 'primary',
  maxCommitTimeMS: commandMs,
}

export class MongoDatabase {
  readonly db: Db
  readonly objects: Collection<KeyDocument>
  readonly buckets: Collection<BucketDocument>
  readonly chunks: Collection<ChunkDocument>
  readonly lists: Collection<ListDocument>
  readonly tasks: Collection<TaskDocument>
  readonly tenants: Collection<TenantDocument>
  readonly accessKeys: Collection<AccessKeyDocument>
  readonly owners: Collection<OwnerDocument>
  readonly jobs: Collection<JobDocument>
  readonly #client: MongoClient
  readonly #verbMs: number
  readonly #turns = new Turns(transactionsMax)
  /** Of the last transaction that was committed here. */
  #lastTime: Timestamp | undefined
  #knownNumber = 0

  constructor({ client, name, verbMs = defaultVerbMs }: MongoDatabaseOptions) {
    this.#client = client
    this.#verbMs = verbMs
    this.db = client.db(name)
    this.objects = this.collection('objects')
    this.buckets = this.collection('buckets')
    this.chunks = this.collection('chunks')
    this.lists = this.collection('lists')
    this.tasks = this.collection('tasks')
    this.tenants = this.collection('tenants')
    this.accessKeys = this.collection('accessKeys')
    this.owners = this.collection('owners')
    this.jobs = this.collection('jobs')
  }

  /** A collection that one noun alone knows. */
  collection<D extends Document>(name: string): Collection<D> {
    return bounded(this.db.collection<D>(name), commandMs)
  }

  /**
   * Commands outside of transactions, each of which is atomic and, being retryable, done once. What the server has turned
   * away is asked again. Throws `StoreUnavailable`.
   */
  async run<T>(work: () => Promise<T>): Promise<T> {
    return this.#anew(work, isTurnedAway)
  }

  /**
   * Runs a verb in a transaction of snapshots; it is run anew when it has met another one. Whatever `work` writes, it
   * writes with the session, and it keeps nothing from a run before. Throws `StoreUnavailable`, also when the others
   * never let it through.
   */
  async transact<T>(work: (transaction: Transaction) => Promise<T>): Promise<T> {
    return this.retrying(() => this.attempt(work))
  }

  /** Runs work anew for as long as it throws `Conflict`, or what the database says when two have met. */
  async retrying<T>(work: () => Promise<T>): Promise<T> {
    return this.#anew(work, isConflict)
  }

  async #anew<T>(work: () => Promise<T>, isPassing: (cause: unknown) => boolean): Promise<T> {
    const untilMs = performance.now() + this.#verbMs
    for (let tries = 0; ; tries += 1) {
      try {
        return await work()
      } catch (cause) {
        if (isOutOfReach(cause)) throw new StoreUnavailable({ cause })
        if (!isPassing(cause)) throw cause
        if (performance.now() > untilMs) throw new StoreUnavailable({ cause })
      }
      await setTimeout(Math.random() * Math.min(pauseMaxMs, 2 ** tries))
    }
  }

  /** One try of `transact`, for a verb that runs anew as a whole, within `retrying`. */
  async attempt<T>(work: (transaction: Transaction) => Promise<T>): Promise<T> {
    if (!(await this.#turns.take(this.#verbMs))) {
      throw new StoreUnavailable({ cause: new Error('too many transactions are under way') })
    }
    try {
      return await this.#attempt(work)
    } finally {
      this.#turns.giveBack()
    }
  }

  async #attempt<T>(work: (transaction: Transaction) => Promise<T>): Promise<T> {
    const session = this.#client.startSession()
    try {
      let isUndone = false
      session.startTransaction(transactionOptions)
      const answer = await work({
        session,
        undo: () => {
          isUndone = true
        },
      })
      if (isUndone) await session.abortTransaction()
      else await this.#commit(session)
      this.#noteTime(session)
      return answer
    } finally {
      // Aborts what is still open.
      await session.endSession()
    }
  }

  /** Asks again while the answer was lost: that does no harm. */
  async #commit(session: ClientSession): Promise<void> {
    const untilMs = performance.now() + this.#verbMs
    for (;;) {
      try {
        return await session.commitTransaction()
      } catch (cause) {
        const isUnknown =
          cause instanceof MongoError && cause.hasErrorLabel('UnknownTransactionCommitResult')
        if (!isUnknown || performance.now() > untilMs) throw cause
        // What failed for good is not to be asked for again and again.
        if (cause instanceof MongoServerError && cause.code === 50) throw cause
      }
      await setTimeout(Math.random() * pauseMaxMs)
    }
  }

  /**
   * Reads that see whatever this process has written in transactions before, and what those saw: a primary that was
   * deposed and does not know it cannot answer them.
   */
  async causally<T>(work: (session: ClientSession) => Promise<T>): Promise<T> {
    const session = this.#client.startSession()
    try {
      if (this.#lastTime !== undefined) session.advanceOperationTime(this.#lastTime)
      return await work(session)
    } finally {
      await session.endSession()
    }
  }

  #noteTime({ operationTime: time }: ClientSession): void {
    if (time === undefined) return
    if (this.#lastTime === undefined || time.greaterThan(this.#lastTime)) this.#lastTime = time
  }

  /** The greatest number of leases that this process knows of (`lease-numbers.ts`). */
  get knownNumber(): number {
    return this.#knownNumber
  }

  learnNumber(number: number): number {
    this.#knownNumber = Math.max(this.#knownNumber, number)
    return number
  }

  async close(): Promise<void> {
    await this.#client.close()
  }
}
