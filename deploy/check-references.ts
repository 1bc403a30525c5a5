// Counts every reference that metadata hold, and compares them with the catalog's own counts and with
// the chunks on disk, every one of which is read. For stores that nothing else uses at that moment;
// changes nothing. Chunks are taken in shares of equal size by id, so that memory is bounded; each
// share reads metadata anew.
import type { BlobStore } from '../datanode/blob-store.ts'
import { parseChunkRefs } from '../metadata/codec/chunk-ref-codec.ts'
import { parsePartData } from '../metadata/codec/upload-codec.ts'
import { dataOfContent } from '../metadata/codec/version-codec.ts'
import { chunkRow } from '../metadata/lmdb/chunk-claims.ts'
import { LmdbEnvironment, type Tables } from '../metadata/lmdb/lmdb-environment.ts'
import { parseDeletion, parseRelease } from '../metadata/lmdb/outbox-rows.ts'
import {
  type BlobRef,
  blockCount,
  type ChunkRef,
  parseChunkId,
} from '../protocol/chunks/chunk-ref.ts'

export type ReferenceReport = {
  /** How many things are not as they must be. */
  readonly problems: number
  /** Chunks that metadata know. */
  readonly chunks: number
  /** Chunks on disk that metadata do not know, and that no task is about to delete. */
  readonly orphans: number
}

const everything = { start: Buffer.of(0), end: Buffer.alloc(64, 0xff) }
/** Every chunk is older than this. */
const anyAgeMs = -60_000

export type ReferenceCheck = {
  readonly metadataPath: string
  readonly blobs: Pick<BlobStore, 'read' | 'list'>
  /** About how many chunks are kept in memory at once, at some 300 bytes each. */
  readonly chunksAtOnce: number
  /** Told of whatever is not as it must be, in words for people. */
  readonly onProblem: (what: string) => void
}

export async function checkReferences(check: ReferenceCheck): Promise<ReferenceReport> {
  const { metadataPath, blobs, chunksAtOnce } = check
  const environment = await LmdbEnvironment.open({ path: metadataPath })
  let problems = 0
  const tell = (what: string) => {
    problems += 1
    check.onProblem(what)
  }
  try {
    const broken = environment.read(({ brokenReleases }) => brokenReleases.count())
    if (broken > 0) tell(`${broken} releases are broken and were set aside`)
    const shares =
      Math.ceil(environment.read((tables) => tables.chunks.count()) / chunksAtOnce) || 1
    let chunks = 0
    let orphans = 0
    for (let share = 0; share < shares; share += 1) {
      const isIn: InShare = ({ id }) => id.readUInt32BE(0) % shares === share
      const held = environment.read((tables) => referencesHeld(tables, isIn))
      const expected = environment.read((tables) => compareCounts(tables, { held, isIn, tell }))
      await readAll(blobs, held, tell)
      orphans += await countOrphans(blobs, expected, isIn)
      chunks += held.size
    }
    return { problems, chunks, orphans }
  } finally {
    await environment.close()
  }
}

type InShare = (blob: Pick<BlobRef, 'id'>) => boolean
type Tell = (what: string) => void
type Held = Map<string, { readonly ref: ChunkRef; count: number }>

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
  for (const { value } of tables.contents.rows(everything)) {
    const data = dataOfContent(value)
    if (data.is === 'chunks') take(data.chunks)
  }
  for (const { value } of tables.parts.rows(everything)) {
    const data = parsePartData(value)
    if (data.is === 'chunks') take(data.chunks)
  }
  for (const { value } of tables.lists.rows(everything)) take(parseChunkRefs(value))
  for (const table of [tables.releases, tables.brokenReleases]) {
    for (const { value } of table.rows(everything)) {
      const { target } = parseRelease(value)
      if (target.what === 'chunks') take(target.refs)
    }
  }
  return held
}

/** Answers the chunks that may be on disk. */
function compareCounts(
  tables: Tables,
  { held, isIn, tell }: { held: Held; isIn: InShare; tell: Tell },
): ReadonlySet<string> {
  const expected = new Set<string>()
  for (const { key } of tables.chunks.rows(everything)) {
    const id = parseChunkId(Buffer.from(key))
    const row = isIn({ id }) ? chunkRow(tables, id) : undefined
    if (row === undefined) continue
    const name = nameOf({ id, generation: row.generation })
    expected.add(name)
    const count = held.get(name)?.count ?? 0
    if (count !== row.references) tell(`${name}: ${row.references} counted, ${count} held`)
  }
  for (const name of held.keys()) {
    if (!expected.has(name)) tell(`${name} is referred to, and the catalog lacks it`)
  }
  for (const { value } of tables.deletions.rows(everything)) {
    const { blob } = parseDeletion(value)
    const name = nameOf(blob)
    if (!isIn(blob)) continue
    if (expected.has(name)) tell(`${name} lives, and is about to be deleted`)
    expected.add(name)
  }
  return expected
}

async function readAll(blobs: Pick<BlobStore, 'read'>, held: Held, tell: Tell): Promise<void> {
  for (const [name, { ref }] of held) {
    const { length } = ref
    try {
      const read = await blobs.read(ref, { first: 0, count: blockCount(length), length })
      if (read.is !== 'found') tell(`${name} is ${read.is}`)
    } catch (cause) {
      tell(`${name} cannot be read: ${cause instanceof Error ? cause.message : cause}`)
    }
  }
}

async function countOrphans(
  blobs: Pick<BlobStore, 'list'>,
  expected: ReadonlySet<string>,
  isIn: InShare,
): Promise<number> {
  let orphans = 0
  let after: string | undefined
  do {
    const page = await blobs.list({
      limit: 500,
      minAgeMs: anyAgeMs,
      ...(after === undefined ? {} : { after }),
    })
    orphans += page.blobs.filter((blob) => isIn(blob) && !expected.has(nameOf(blob))).length
    after = page.next
  } while (after !== undefined)
  return orphans
}

function nameOf({ id, generation }: BlobRef): string {
  return `${id.toString('hex')} ${generation}`
}
