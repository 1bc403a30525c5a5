// Counts every reference that metadata hold, and compares them with the catalog's own counts and with
// the chunks on disk. For a store that nothing else uses at that moment; changes nothing.
import type { BlobStore } from '../../datanode/blob-store.ts'
import { parseChunkRefs } from '../../metadata/codec/chunk-ref-codec.ts'
import { parsePartData } from '../../metadata/codec/upload-codec.ts'
import { dataOfContent } from '../../metadata/codec/version-codec.ts'
import { chunkRow } from '../../metadata/lmdb/chunk-claims.ts'
import { LmdbEnvironment, type Tables } from '../../metadata/lmdb/lmdb-environment.ts'
import { parseDeletion, parseRelease } from '../../metadata/lmdb/outbox-rows.ts'
import {
  type BlobRef,
  blockCount,
  type ChunkRef,
  parseChunkId,
} from '../../protocol/chunks/chunk-ref.ts'

export type ReferenceReport = {
  /** Whatever is not as it must be, for people. */
  readonly problems: readonly string[]
  /** Chunks that metadata know. */
  readonly chunks: number
  /** Chunks on disk that metadata do not know, and that no task is about to delete. */
  readonly orphans: number
}

const everything = { start: Buffer.of(0), end: Buffer.alloc(64, 0xff) }
/** Every chunk is older than this. */
const anyAgeMs = -60_000

export async function checkReferences(
  metadataPath: string,
  blobs: Pick<BlobStore, 'read' | 'list'>,
): Promise<ReferenceReport> {
  const environment = await LmdbEnvironment.open({ path: metadataPath })
  try {
    const held = environment.read(referencesHeld)
    const known = environment.read((tables) => compareCounts(tables, held))
    const problems = [...known.problems, ...(await unreadable(blobs, held))]
    const orphans = await countOrphans(blobs, known.expected)
    return { problems, chunks: held.size, orphans }
  } finally {
    await environment.close()
  }
}

type Held = Map<string, { readonly ref: ChunkRef; count: number }>

/** The references of versions (buried ones too), parts, lists and releases under way. */
function referencesHeld(tables: Tables): Held {
  const held: Held = new Map()
  const take = (refs: readonly ChunkRef[]) => {
    for (const ref of refs) {
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

function compareCounts(tables: Tables, held: Held) {
  const problems: string[] = []
  const expected = new Set<string>()
  for (const { key } of tables.chunks.rows(everything)) {
    const id = parseChunkId(Buffer.from(key))
    const row = chunkRow(tables, id)
    if (row === undefined) continue
    const name = nameOf({ id, generation: row.generation })
    expected.add(name)
    const count = held.get(name)?.count ?? 0
    if (count !== row.references) problems.push(`${name}: ${row.references} counted, ${count} held`)
  }
  for (const name of held.keys()) {
    if (!expected.has(name)) problems.push(`${name} is referred to, and the catalog lacks it`)
  }
  for (const { value } of tables.deletions.rows(everything)) {
    const name = nameOf(parseDeletion(value).blob)
    if (expected.has(name)) problems.push(`${name} lives, and is about to be deleted`)
    expected.add(name)
  }
  return { problems, expected }
}

async function unreadable(blobs: Pick<BlobStore, 'read'>, held: Held): Promise<string[]> {
  const problems: string[] = []
  for (const [name, { ref }] of held) {
    const { length } = ref
    const read = await blobs.read(ref, { first: 0, count: blockCount(length), length })
    if (read.is !== 'found') problems.push(`${name} is ${read.is}`)
  }
  return problems
}

async function countOrphans(
  blobs: Pick<BlobStore, 'list'>,
  expected: ReadonlySet<string>,
): Promise<number> {
  let orphans = 0
  let after: string | undefined
  do {
    const page = await blobs.list({
      limit: 500,
      minAgeMs: anyAgeMs,
      ...(after === undefined ? {} : { after }),
    })
    orphans += page.blobs.filter((blob) => !expected.has(nameOf(blob))).length
    after = page.next
  } while (after !== undefined)
  return orphans
}

function nameOf({ id, generation }: BlobRef): string {
  return `${id.toString('hex')} ${generation}`
}
