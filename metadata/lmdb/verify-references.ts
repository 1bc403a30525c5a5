// Counts every reference that metadata hold, and compares them with the catalog's own counts and with
// the chunks on disk, every one of which is read. For stores that nothing else uses at that moment;
// changes nothing. Chunks are taken in shares of equal size by id, so that memory is bounded; each
// share reads metadata anew.
import { type BlobRef, type ChunkRef, parseChunkId } from '../../protocol/chunks/chunk-ref.ts'
import { parseChunkRefs } from '../codec/chunk-ref-codec.ts'
import type { StoredData } from '../codec/content-codec.ts'
import { parsePartData } from '../codec/upload-codec.ts'
import { dataOfContent } from '../codec/version-codec.ts'
import type { TenantId } from '../records.ts'
import { chunkRow } from './chunk-claims.ts'
import type { LmdbEnvironment, Tables } from './lmdb-environment.ts'
import { everyTask } from './migrate-tasks.ts'
import { parseDeletion, parseRelease } from './outbox-rows.ts'
import { everyRow } from './row-keys.ts'

export type ReferenceCounts = {
  /** Chunks that metadata refer to. */
  readonly chunks: number
  /** Chunks on disk that metadata do not know, and that no task is about to delete. */
  readonly orphans: number
}

export type ReferenceCheck = {
  readonly environment: LmdbEnvironment
  /** Reads a chunk; answers what is wrong with it, if anything is. `tenantId`: as the catalog has it. */
  readonly readChunk: (ref: ChunkRef, tenantId: TenantId | undefined) => Promise<string | undefined>
  /** All chunks on disk, page by page. */
  readonly storedBlobs: () => AsyncIterable<readonly BlobRef[]>
  /** About how many chunks are kept in memory at once, at some 300 bytes each. */
  readonly chunksAtOnce: number
  /** Told of whatever is not as it must be, in words for people. */
  readonly tell: Tell
}

type Tell = (what: string) => void

export async function verifyReferences(check: ReferenceCheck): Promise<ReferenceCounts> {
  const { environment, chunksAtOnce, tell } = check
  const buried = environment.read((tables) => [...everyTask(tables, 'buried')].length)
  if (buried > 0) tell(`${buried} tasks could not be done and were buried`)
  const shares = Math.ceil(environment.read((tables) => tables.chunks.count()) / chunksAtOnce) || 1
  let chunks = 0
  let orphans = 0
  for (let share = 0; share < shares; share += 1) {
    const isIn: InShare = ({ id }) => id.readUInt32BE(0) % shares === share
    const held = environment.read((tables) => referencesHeld(tables, isIn))
    const expected = environment.read((tables) => compareCounts(tables, { held, isIn, tell }))
    await readAll(check, held)
    orphans += await countOrphans(check, expected, isIn)
    chunks += held.size
  }
  return { chunks, orphans }
}

type InShare = (blob: Pick<BlobRef, 'id'>) => boolean
type Held = Map<string, { readonly ref: ChunkRef; count: number; tenantId?: TenantId }>

/** The references of versions (buried ones too), parts, lists and releases under way. */
function referencesHeld(tables: Tables, isIn: InShare): Held {
  const held: Held = new Map()
  const take = (refs: readonly ChunkRef[]) => {
    for (const ref of refs) {
      if (!isIn(ref)) continue
      const entry = held.get(nameOf(ref)) ?? { ref, count: 0 }
      entry.count += 1
      held.set(nameOf(ref), entry)
    }
  }
  const takeData = (data: StoredData) => {
    if (data.is === 'chunks') take(data.chunks)
  }
  for (const { value } of tables.contents.intactRows(everyRow)) {
    unlessUnreadable(() => takeData(dataOfContent(value)))
  }
  for (const { value } of tables.parts.intactRows(everyRow)) {
    unlessUnreadable(() => takeData(parsePartData(value)))
  }
  for (const { value } of tables.lists.intactRows(everyRow)) {
    unlessUnreadable(() => take(parseChunkRefs(value)))
  }
  for (const where of ['waiting', 'buried'] as const) {
    for (const { read } of everyTask(tables, where)) {
      unlessUnreadable(() => {
        const { kind, fields } = read()
        if (kind !== 'release') return
        const target = parseRelease(fields)
        if (target.what === 'chunks') take(target.refs)
      })
    }
  }
  return held
}

/** Rows that cannot be read are told of by `verify-rows.ts` and `verify-versions.ts`. */
function unlessUnreadable<T>(work: () => T): T | undefined {
  try {
    return work()
  } catch {
    return undefined
  }
}

/** Answers the chunks that may be on disk. */
function compareCounts(
  tables: Tables,
  { held, isIn, tell }: { held: Held; isIn: InShare; tell: Tell },
): ReadonlySet<string> {
  const expected = new Set<string>()
  for (const { key } of tables.chunks.intactRows(everyRow)) {
    const id = parseChunkId(Buffer.from(key))
    if (!isIn({ id })) continue
    const row = unlessUnreadable(() => chunkRow(tables, id))
    if (row === undefined) continue
    const name = nameOf({ id, generation: row.generation })
    expected.add(name)
    const entry = held.get(name)
    if (entry !== undefined) entry.tenantId = row.tenantId
    const count = entry?.count ?? 0
    if (count !== row.references) tell(`${name}: ${row.references} counted, ${count} held`)
  }
  for (const name of held.keys()) {
    if (!expected.has(name)) tell(`${name} is referred to, and the catalog lacks it`)
  }
  for (const { read } of everyTask(tables, 'waiting')) {
    unlessUnreadable(() => {
      const { kind, fields } = read()
      if (kind !== 'deleteBlob') return
      const blob = parseDeletion(fields)
      const name = nameOf(blob)
      if (!isIn(blob)) return
      if (expected.has(name)) tell(`${name} lives, and is about to be deleted`)
      expected.add(name)
    })
  }
  return expected
}

async function readAll({ readChunk, tell }: ReferenceCheck, held: Held): Promise<void> {
  for (const [name, { ref, tenantId }] of held) {
    try {
      const wrong = await readChunk(ref, tenantId)
      if (wrong !== undefined) tell(`${name} ${wrong}`)
    } catch (cause) {
      tell(`${name} cannot be read: ${cause instanceof Error ? cause.message : cause}`)
    }
  }
}

async function countOrphans(
  { storedBlobs }: ReferenceCheck,
  expected: ReadonlySet<string>,
  isIn: InShare,
): Promise<number> {
  let orphans = 0
  for await (const page of storedBlobs()) {
    orphans += page.filter((blob) => isIn(blob) && !expected.has(nameOf(blob))).length
  }
  return orphans
}

function nameOf({ id, generation }: BlobRef): string {
  return `${id.toString('hex')} ${generation}`
}
