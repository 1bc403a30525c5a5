// The chunk index in memory, for simulations: shared by all processes of one simulated machine, and
// torn by a loss of power unless it was flushed, as LMDB without syncs may be.
import type {
  ChunkIndex,
  IndexHome,
  IndexTxn,
  Place,
  SegmentRow,
} from '../../datanode/disk/chunk-index.ts'
import { chunkKey } from '../../datanode/disk/chunk-index.ts'
import { parseSegmentId, type SegmentId } from '../../datanode/disk/segment-format.ts'
import { type BlobRef, parseChunkId } from '../../protocol/chunks/chunk-ref.ts'
import type { SeededRandom } from './datanode-random.ts'

type Tables = {
  readonly chunks: Map<string, { ref: BlobRef; place: Place }>
  readonly segments: Map<SegmentId, SegmentRow>
  readonly notes: Map<string, string>
}

export class MemoryIndexHome {
  #tables = emptyTables()
  #flushed = true

  /** A process's view. Once it is dead, it learns and changes nothing any more. */
  view(isAlive: () => boolean): IndexHome {
    return {
      open: async () => this.#index(isAlive),
      erase: async () => {
        this.#tables = emptyTables()
      },
      digest: async () => 'intact',
    }
  }

  /** What was not flushed goes: rows and chunks are missing, or of another age. */
  losePower(random: SeededRandom): void {
    if (this.#flushed) return
    const { chunks, segments } = this.#tables
    for (const key of [...chunks.keys()]) if (random.oneIn(2)) chunks.delete(key)
    for (const [id, row] of [...segments]) {
      if (random.oneIn(4)) segments.delete(id)
      else if (random.oneIn(2))
        segments.set(id, { ...row, chunks: 0, liveBytes: 0, state: 'retired' })
    }
  }

  /** Changes something, as a bad bit might: an entry, or what is noted of a segment. Answers what. */
  damage(random: SeededRandom): string {
    const { chunks, segments } = this.#tables
    const key = random.pick([...chunks.keys()])
    const entry = chunks.get(key)
    const row = random.pick([...segments.values()])
    if (entry === undefined) return 'nothing'
    const { place } = entry
    const put = (change: Partial<Place>) => {
      chunks.set(key, { ...entry, place: { ...place, ...change } })
    }
    const note = (change: Partial<SegmentRow>) => segments.set(row.id, { ...row, ...change })
    // Writes to a segment fail when its row is lost, and nothing is acknowledged then.
    const isBeingWritten = row.state === 'active'
    const kinds: Readonly<Record<string, () => void>> = {
      'an entry is gone': () => chunks.delete(key),
      'an entry has another name': () => {
        const id = parseChunkId(Buffer.from(entry.ref.id))
        const at = random.below(id.length)
        id[at] = (id[at] ?? 0) ^ (1 << random.below(8))
        const ref = { ...entry.ref, id }
        chunks.delete(key)
        chunks.set(chunkKey(ref).toString('hex'), { ref, place })
      },
      'an entry leads to another segment': () =>
        put({ segment: random.pick([...segments.keys()]) }),
      'an entry leads to no segment': () =>
        put({ segment: parseSegmentId(2 ** 47 - (place.segment % 1000)) }),
      'an entry leads to another offset': () =>
        put({ offset: place.offset ^ (1 << random.below(14)) }),
      'an entry has another length': () => put({ length: Math.max(1, place.length ^ 4) }),
      'an entry counts as bad': () => put({ isBad: true }),
      'a segment counts as empty': () => note({ chunks: 0, liveBytes: 0 }),
      'a segment counts as retired': () => !isBeingWritten && note({ state: 'retired' }),
      'a segment counts as damaged': () => !isBeingWritten && note({ state: 'damaged' }),
      'a segment counts fewer chunks': () => note({ chunks: Math.max(0, row.chunks - 1) }),
      'a segment is not known': () => !isBeingWritten && segments.delete(row.id),
    }
    const kind = random.pick(Object.keys(kinds))
    kinds[kind]?.()
    return kind
  }

  #index(isAlive: () => boolean): ChunkIndex {
    const all = this.#tables
    const tables = {
      get chunks() {
        assertAlive(isAlive)
        return all.chunks
      },
      get segments() {
        assertAlive(isAlive)
        return all.segments
      },
      get notes() {
        assertAlive(isAlive)
        return all.notes
      },
    }
    const read = {
      find: (ref: BlobRef) => tables.chunks.get(chunkKey(ref).toString('hex'))?.place,
      segment: (id: SegmentId) => tables.segments.get(id),
      remembered: (name: string) => tables.notes.get(name),
    }
    return {
      ...read,
      segments: () => [...tables.segments.values()],
      page: (after, limit) => {
        const from = after === undefined ? '' : chunkKey(after).toString('hex')
        const keys = [...tables.chunks.keys()].filter((key) => key > from).sort()
        return keys.slice(0, limit).flatMap((key) => tables.chunks.get(key) ?? [])
      },
      transact: (work) => {
        this.#flushed = false
        return transact(tables, { ...read }, work)
      },
      flush: async () => {
        this.#flushed = true
      },
      diskBytes: async () => 0,
      dropDeadReaders: () => undefined,
      close: async () => undefined,
    }
  }
}

function assertAlive(isAlive: () => boolean): void {
  if (!isAlive()) throw Object.assign(new Error('this process is dead'), { code: 'EIO' })
}

function emptyTables(): Tables {
  return { chunks: new Map(), segments: new Map(), notes: new Map() }
}

function transact<T>(
  tables: Tables,
  read: Pick<IndexTxn, 'find' | 'segment' | 'remembered'>,
  work: (txn: IndexTxn) => T,
): T {
  const undo: (() => void)[] = []
  const set = <K, V>(map: Map<K, V>, key: K, value: V | undefined): void => {
    const before = map.get(key)
    undo.push(() => (before === undefined ? map.delete(key) : map.set(key, before)))
    if (value === undefined) map.delete(key)
    else map.set(key, value)
  }
  try {
    return work({
      ...read,
      put: (ref, place) => set(tables.chunks, chunkKey(ref).toString('hex'), { ref, place }),
      remove: (ref) => set(tables.chunks, chunkKey(ref).toString('hex'), undefined),
      putSegment: (row) => set(tables.segments, row.id, row),
      removeSegment: (id) => set(tables.segments, id, undefined),
      remember: (name, value) => set(tables.notes, name, value),
    })
  } catch (cause) {
    for (const step of undo.reverse()) step()
    throw cause
  }
}
