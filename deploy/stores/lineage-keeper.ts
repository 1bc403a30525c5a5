// Has metadata and chunks note the life of a server, at its start and while it runs, in an order that a stop at
// any moment leaves in agreement. Whether they belong together is asked before: `pair-stores.ts`.
import { randomBytes } from 'node:crypto'
import { realVfs } from '../../datanode/disk/real-vfs.ts'
import { segmentPaths } from '../../datanode/disk/segment-paths.ts'
import { StoreNote } from '../../datanode/disk/store-note.ts'
import type { LineageStore } from '../../metadata/lineage-store.ts'
import { MetadataFull } from '../../metadata/metadata-full.ts'
import { isNoRoom } from '../../protocol/no-room.ts'
import {
  type CatalogLineage,
  type ChunksNote,
  nextLife,
  noteOf,
  parseLifeId,
  parseStoreId,
} from '../../protocol/store/lineage.ts'
import { storeFormat } from '../../protocol/store/store-format.ts'
import { type StoreMarker, writeMarker } from './store-marker.ts'
import { chunksDirectory } from './store-paths.ts'

type Beginning = {
  readonly metadata: HasLineage
  readonly marker: StoreMarker | undefined
  /** The life that both are of. `undefined`: they have noted none yet. */
  readonly before: CatalogLineage | undefined
}

type HasLineage = { readonly lineage: LineageStore }

/** Both note a new life. */
export async function beginLife(
  dataDirectory: string,
  { metadata, marker, before }: Beginning,
): Promise<LineageKeeper> {
  const paths = segmentPaths(chunksDirectory(dataDirectory))
  await realVfs.makeDirectory(paths.segments)
  for (const directory of [paths.root, dataDirectory]) await realVfs.syncDirectory(directory)
  const note = await StoreNote.open({ vfs: realVfs, paths })
  try {
    const keeper = new LineageKeeper({ metadata, note })
    // A stop may have left the chunks behind by one step, and must not by two.
    if (before !== undefined) await keeper.catchUp(before)
    // On a full disk the life before goes on, which marks tell from its copies as well.
    const orBefore = before === undefined ? fail : unlessNoRoom
    await keeper.pair(nextLife(before, drawIds())).catch(orBefore)
    // A directory of an earlier format was brought forward.
    if (marker?.format !== storeFormat) {
      await Promise.resolve()
        .then(() => writeMarker(dataDirectory, keeper.note.storeId))
        .catch(unlessNoRoom)
    }
    return keeper
  } catch (cause) {
    await note.close()
    throw cause
  }
}

function fail(cause: unknown): never {
  throw cause
}

function unlessNoRoom(cause: unknown): void {
  if (!(cause instanceof MetadataFull || isNoRoom(cause))) throw cause
}

export function drawIds() {
  const storeId = parseStoreId(randomBytes(16).toString('hex'))
  const life = parseLifeId(randomBytes(16).toString('hex'))
  if (storeId === undefined || life === undefined) throw new Error('32 hex digits are no id')
  return { storeId, life }
}

/** Keeps the notes of both stores in step while a server runs. */
export class LineageKeeper {
  private readonly metadata: HasLineage
  private readonly file: StoreNote
  private noted: ChunksNote | undefined
  /** Notes are written one after the other. Never rejects. */
  private writing: Promise<unknown> = Promise.resolve()

  constructor(parts: { metadata: HasLineage; note: StoreNote }) {
    this.metadata = parts.metadata
    this.file = parts.note
  }

  /** What the chunks note by now. */
  get note(): ChunksNote {
    if (this.noted === undefined) throw new Error('the stores are not paired')
    return this.noted
  }

  /** The chunks note the life of which both are. Durable when it resolves. */
  async catchUp(lineage: CatalogLineage): Promise<void> {
    await this.write(noteOf(lineage, await this.metadata.lineage.commits()))
  }

  /** Durable in both when it resolves. */
  async pair(lineage: CatalogLineage): Promise<void> {
    await this.metadata.lineage.put(lineage)
    await this.catchUp(lineage)
    await this.metadata.lineage.put({ ...lineage, isPaired: true })
  }

  /** To be called about once a second: bounds how much older a copy of the chunks can pass for new. */
  keep(): Promise<void> {
    return this.afterOthers(async () => {
      const { lineage } = this.metadata
      const mark = await lineage.advance()
      if (mark === this.note.mark) return
      await this.write({ ...this.note, mark, commits: await lineage.commits() })
    })
  }

  /**
   * To be called soon after commits: bounds how much older a copy of the metadata can pass for new. `after`:
   * whether one is known to be under way, which is waited for. Answers whether there was any.
   */
  follow(after: 'pause' | 'write'): Promise<'noted' | 'nothing new'> {
    return this.afterOthers(async () => {
      const known = this.note.commits
      const commits = await this.metadata.lineage.commits(after === 'pause' ? known : undefined)
      if (commits === known) return 'nothing new'
      await this.write({ ...this.note, commits })
      return 'noted'
    })
  }

  /** Calls back once, soon after a commit began. `undefined`: the system cannot tell. */
  watch(onChange: () => void): { close(): void } | undefined {
    return this.metadata.lineage.watch(onChange)
  }

  async close(): Promise<void> {
    await this.writing
    await this.file.close()
  }

  private async write(note: ChunksNote): Promise<void> {
    await this.file.write(note)
    this.noted = note
  }

  private afterOthers<T>(work: () => Promise<T>): Promise<T> {
    const done = this.writing.then(work)
    this.writing = done.catch(() => undefined)
    return done
  }
}
