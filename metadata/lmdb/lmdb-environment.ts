// The LMDB environment that all nouns of this engine share: its tables (`lmdb-table.ts`), and the two ways
// to reach them: `read` on a fresh snapshot, `write` in a transaction. Which rows lie where: `tables.ts`.
import assert from 'node:assert'
import { mkdir, open as openFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import {
  type Database,
  open,
  type RootDatabase,
  type RootDatabaseOptionsWithPath,
  type Transaction,
} from 'lmdb'
import { MetadataFull } from '../metadata-full.ts'
import { checkEnvironmentFile } from './check-environment-file.ts'
import { Lanes } from './lanes.ts'
import { layoutOf } from './layout-row.ts'
import { LmdbTable, type TransactionFlag } from './lmdb-table.ts'
import { type LookingDirectory, lookingDirectory } from './looking-directory.ts'
import { pageBytes } from './page-layout.ts'
import type { RowChecksums } from './row-checksum.ts'
import { type RowParser, RowScan } from './row-scan.ts'
import { type TableName, tableNames } from './tables.ts'
import { type DiskState, isReadOnly, WriteFence } from './write-fence.ts'

export type Tables = Readonly<Record<TableName, LmdbTable>>

/**
 * Address space reserved for the map, not disk or memory: an environment grows up to this size. Every
 * process of a data directory must use the same.
 */
const mapBytes = 2 ** 40
/** Reader slots: a few for each thread of each process. */
const readersMax = 1024
const reasonWaitMs = 1000
/** Of a verb that found no room among others. */
const triesAlone = 10
/** A commit that needs more pages than there are is better not begun. */
const verbsWhileShort = 16
const pauseAloneMs = 50
const probeKey = Buffer.from('writable')

export type EnvironmentOptions = {
  readonly path: string
  /**
   * Called once when this process can no longer write here, and some writes may never be answered: it
   * has to open the environment anew, which is to say end.
   */
  readonly onUnusable?: (cause: unknown, disk: DiskState) => void
  /**
   * To look at: nothing in the directory changes, and nobody else may have it open. Nothing can be written,
   * and tables that are not there are empty.
   */
  readonly use?: 'toLookAt'
}

/** Where LMDB keeps an environment of this directory. */
export function environmentFile(directory: string): string {
  return join(directory, 'data.mdb')
}

export class LmdbEnvironment {
  readonly tables: Tables
  /** Set by who has read the layout, and changed by who brings an older one forward. */
  readonly checksums: RowChecksums
  /** Where its rows lie. */
  readonly file: string
  readonly #root: RootDatabase<Buffer, Buffer>
  readonly #transaction: TransactionFlag
  readonly #fence: WriteFence
  readonly #looking: LookingDirectory | undefined
  /** For verbs while room is short. */
  readonly #fewAtOnce = new Lanes(verbsWhileShort)
  /** For those that have found no room among others. */
  readonly #oneByOne = new Lanes(1)
  readonly #snapshots = new Set<LmdbSnapshot>()
  /** One of them has tried long enough, and nothing has been committed since. */
  #isHopeless = false

  private constructor(parts: {
    root: RootDatabase<Buffer, Buffer>
    tables: Tables
    checksums: RowChecksums
    transaction: TransactionFlag
    fence: WriteFence
    file: string
    looking: LookingDirectory | undefined
  }) {
    this.#looking = parts.looking
    this.#root = parts.root
    this.file = parts.file
    this.tables = parts.tables
    this.checksums = parts.checksums
    this.#transaction = parts.transaction
    this.#fence = parts.fence
  }

  /**
   * Opens or makes the environment in a directory. Commits are plain LMDB ones: data pages,
   * sync, meta page written through; the overlapping sync that the library prefers lets other
   * processes see commits that a power failure could still take back. Throws `StoreRefused` when the
   * file is damaged.
   */
  static async open({ path, onUnusable, use }: EnvironmentOptions): Promise<LmdbEnvironment> {
    if (use !== 'toLookAt') await mkdir(path, { recursive: true, mode: 0o700 })
    await checkEnvironmentFile(environmentFile(path))
    const looking = use && (await lookingDirectory(environmentFile(path)))
    const options = {
      path: looking?.path ?? path,
      readOnly: use === 'toLookAt',
      // For the library's native part; its types do not name it.
      permissionsMode: 0o600,
      noSubdir: false,
      pageSize: pageBytes,
      mapSize: mapBytes,
      maxDbs: tableNames.length + 8,
      maxReaders: readersMax,
      overlappingSync: false,
      // Batches of one event turn have promises of their own, whose rejection nobody could handle.
      eventTurnBatching: false,
      keyEncoding: 'binary',
      encoding: 'binary',
    } as const
    const { root, readOnly } = openRoot(options)
    root.readerCheck()
    const transaction: TransactionFlag = { runs: false }
    const checksums: RowChecksums = { areOn: false }
    const table = (name: TableName) =>
      new LmdbTable(name, { db: openTable(root, name), transaction, checksums })
    const tables = Object.fromEntries(tableNames.map((name) => [name, table(name)]))
    // LMDB syncs its file, and not the directories that name it.
    if (readOnly === undefined && use !== 'toLookAt') {
      for (const directory of [path, dirname(path)]) await syncDirectory(directory)
    }
    const fence = new WriteFence({
      path,
      takesTransactions: () => takesTransactions(root),
      onUnusable: onUnusable ?? (() => undefined),
    })
    if (readOnly !== undefined) fence.onlyRead(readOnly.cause)
    const environment = new LmdbEnvironment({
      ...{ root, tables: tables as Tables, checksums, transaction, fence, looking },
      file: environmentFile(path),
    })
    try {
      checksums.areOn = environment.read(layoutOf).rows === 'checksummed'
    } catch (cause) {
      await environment.close()
      throw cause
    }
    return environment
  }

  /** The number of the newest commit of any process, also inside of a transaction. Grows with each. */
  lastCommit(): number {
    if (!this.#transaction.runs) this.#root.resetReadTxn()
    const stats: { lastTxnId?: number } = this.#root.getStats()
    assert(stats.lastTxnId !== undefined, 'the engine does not count its commits')
    return stats.lastTxnId
  }

  /** Runs a verb that only reads, on a snapshot taken now: the library keeps an old one for a while. */
  read<T>(verb: (tables: Tables) => T): T {
    this.#root.resetReadTxn()
    return verb(this.tables)
  }

  /**
   * A snapshot of now that outlives the verb: to be closed, since it keeps old pages from reuse. Closing
   * the environment closes it too.
   */
  snapshot(): LmdbSnapshot {
    this.#root.resetReadTxn()
    const transaction = this.#root.useReadTransaction()
    const snapshot: LmdbSnapshot = new LmdbSnapshot(transaction, () =>
      this.#snapshots.delete(snapshot),
    )
    this.#snapshots.add(snapshot)
    return snapshot
  }

  /** A scan of a table by a parser of its own; to be made once. */
  scan<Key, Value>(table: TableName, parser: RowParser<Key, Value>): RowScan<Key, Value> {
    return new RowScan(this.#root, { table, parser, checksums: this.checksums })
  }

  /**
   * Runs a verb that writes. Verbs of one moment share one transaction and one sync; each is a child
   * transaction of its own, so that a throw undoes its own writes and no others. Resolves when the
   * commit is on disk. Throws `MetadataFull` when the disk took no more, and then nothing was stored.
   * When the commit fails otherwise, it is not known whether a later start will find it.
   */
  async write<T>(verb: (tables: Tables) => T): Promise<T> {
    try {
      return this.#fence.mayBeShort() && (await this.#fence.isShort())
        ? await this.#fewAtOnce.run(() => this.#commit(verb))
        : await this.#commit(verb)
    } catch (cause) {
      if (!(cause instanceof MetadataFull)) throw cause
      if (this.#fence.isRefusing || isReadOnly(cause.cause)) throw cause
      // Together with others it was too much. What removes needs little for itself, and one after the
      // other they use the pages again that the one before has freed.
      return this.#oneByOne.run(() => this.#commitAlone(verb))
    }
  }

  /** Tries for a while: readers may hold the pages that were freed last, and releases free more. */
  async #commitAlone<T>(verb: (tables: Tables) => T): Promise<T> {
    for (let tries = 1; ; tries += 1) {
      try {
        return await this.#commit(verb)
      } catch (cause) {
        if (!(cause instanceof MetadataFull) || this.#isHopeless) throw cause
        this.#isHopeless = tries === triesAlone
        await setTimeout(pauseAloneMs)
      }
    }
  }

  async #commit<T>(verb: (tables: Tables) => T): Promise<T> {
    this.#fence.require()
    try {
      const answer = await this.#root.childTransaction(() => {
        this.#transaction.runs = true
        try {
          const answer = verb(this.tables)
          this.#requireSound()
          return answer
        } finally {
          this.#transaction.runs = false
        }
      })
      this.#fence.committed()
      this.#isHopeless = false
      return answer
    } catch (error) {
      if (!(error instanceof Error && 'commitError' in error)) throw await this.#refusal(error)
      const cause = await reasonOf(error.commitError, error)
      if (await this.#fence.isPassing(error.commitError, cause)) throw new MetadataFull({ cause })
      throw new Error('a metadata commit failed: whether it was stored is not known', { cause })
    }
  }

  /**
   * Within a transaction: throws when a write of the verb has failed in LMDB. The library does not say so,
   * and ends the process when it finds that the child cannot be committed; undone now, it is this verb's
   * failure alone.
   */
  #requireSound(): void {
    this.#root.getBinary(probeKey)
  }

  /** What a verb threw. A write within a transaction meets a full disk too, when it spills pages. */
  async #refusal(error: unknown): Promise<unknown> {
    if ((await this.#fence.judgeWrite(error)) === 'broken') return error
    return new MetadataFull({ cause: error })
  }

  /** The same for a verb that adds: it leaves some room to those that remove, which are its way out. */
  async add<T>(verb: (tables: Tables) => T): Promise<T> {
    if (this.#fence.mayBeShort() && (await this.#fence.isShort())) throw new MetadataFull()
    return this.#commit(verb)
  }

  /** Rejects while commits fail: with the last one failed, it tries another. */
  async checkWritable(): Promise<void> {
    const { failure, isFinal } = this.#fence
    if (failure === undefined) return
    if (isFinal) throw failure.cause
    await this.write(({ meta }) => meta.put(probeKey, Buffer.alloc(1)))
  }

  /** Writes what a moment of the environment holds into a directory, which has none. Durable. */
  async copyTo(directory: string): Promise<void> {
    await mkdir(directory, { recursive: true, mode: 0o700 })
    await this.#root.backup(directory, true)
    const file = await openFile(environmentFile(directory), 'r+')
    try {
      await file.chmod(0o600)
      await file.sync()
    } finally {
      await file.close()
    }
    await syncDirectory(directory)
  }

  async close(): Promise<void> {
    for (const snapshot of this.#snapshots) snapshot.close()
    await this.#root.close()
    this.#fence.close()
    await this.#looking?.remove()
  }
}

/**
 * A commit that fails rejects without its reason, which comes in a second promise, a moment later and
 * fatal to the process if nobody waits for it.
 */
async function reasonOf(commitError: unknown, otherwise: Error): Promise<unknown> {
  if (!(commitError instanceof Promise)) return otherwise
  return Promise.race([
    commitError.catch((why: unknown) => why),
    setTimeout(reasonWaitMs, otherwise, { ref: false }),
  ])
}

/** To be read alone where the disk is read-only: what is there is served. Throws what opening throws. */
function openRoot(options: RootDatabaseOptionsWithPath): {
  root: RootDatabase<Buffer, Buffer>
  readOnly?: { readonly cause: unknown }
} {
  try {
    return { root: open(options) }
  } catch (cause) {
    if (!isReadOnly(cause)) throw cause
    return { root: open({ ...options, readOnly: true }), readOnly: { cause } }
  }
}

/** `undefined`: it is not there, and cannot be made by those who only read. Its types do not say so. */
function openTable(
  root: RootDatabase<Buffer, Buffer>,
  name: TableName,
): Database<Buffer, Buffer> | undefined {
  return root.openDB(name, { keyEncoding: 'binary', encoding: 'binary' })
}

/**
 * By a read: a write would wait, and this process with it, for a lock that a commit keeps for good which was
 * queued behind the one that failed.
 */
function takesTransactions(root: RootDatabase<Buffer, Buffer>): boolean {
  try {
    root.resetReadTxn()
    root.doesExist(probeKey)
    return true
  } catch {
    return false
  }
}

async function syncDirectory(path: string): Promise<void> {
  const directory = await openFile(path)
  try {
    await directory.sync()
  } finally {
    await directory.close()
  }
}

export class LmdbSnapshot {
  readonly transaction: Transaction
  /** Answers whether it was open until now. */
  readonly #end: () => boolean

  constructor(transaction: Transaction, end: () => boolean) {
    this.transaction = transaction
    this.#end = end
  }

  /** Harmless when called again. */
  close(): void {
    if (this.#end()) this.transaction.done()
  }
}
