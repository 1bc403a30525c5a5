// A small chunk store on the disk, and what can be done to its files while it is closed: headers, footers,
// names, records and the index, one or several at once. Says which chunks must be read all the same: those
// whose record is whole somewhere, and that can be told for one.
import {
  cp,
  link,
  mkdir,
  readdir,
  readFile,
  rename,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises'
import { join } from 'node:path'
import { DiskBlobStore } from '../../datanode/disk/disk-blob-store.ts'
import { realVfs } from '../../datanode/disk/real-vfs.ts'
import {
  parseSegmentFileName,
  parseSegmentHeader,
  recordHeaderBytes,
  recordMagic,
  trailerBytes,
} from '../../datanode/disk/segment-format.ts'
import { type TestChunk, testChunk } from '../datanode/sealed-chunk-fixture.ts'
import type { SeededRandom } from './datanode-random.ts'

export const segmentBytes = 16 * 1024

type Placed = {
  readonly chunk: TestChunk
  readonly record: Buffer
  readonly offset: number
  /** Of the segment; empty without one. It repeats the headers of all records. */
  readonly footer: Buffer
}
export type Built = {
  readonly path: string
  readonly chunks: readonly TestChunk[]
  /** Whole, by name. */
  readonly segments: ReadonlyMap<string, Buffer>
  readonly placed: readonly Placed[]
}

export async function openStore(path: string, chunks: readonly TestChunk[], random: SeededRandom) {
  const names = new Set(chunks.map(({ ref }) => nameOf(ref)))
  let nowMs = Date.now()
  return DiskBlobStore.open({
    path,
    role: 'primary',
    processId: random.bytes(8).toString('hex'),
    // Each look is a while after the one before, so that lost chunks are searched for again.
    nowMs: () => (nowMs += 120_000),
    vfs: realVfs,
    randomBytes: (count) => random.bytes(count),
    segmentBytes,
    reserveBytes: 0,
    isReferenced: async (refs) => refs.map((ref) => names.has(nameOf(ref))),
  })
}

export const nameOf = ({ id, generation }: TestChunk['ref']) =>
  `${id.toString('hex')} ${generation}`

/** `killed`: as a process leaves it that is killed after its last answer. */
export async function build(
  path: string,
  how: { readonly random: SeededRandom; readonly end: 'closed' | 'killed'; readonly count: number },
): Promise<Built> {
  const { random, end, count } = how
  const all = Array.from({ length: count }, () => testChunk(random, 1 + random.below(3_000)))
  const store = await openStore(join(path, 'store'), all, random)
  const chunks: TestChunk[] = []
  const doomed: TestChunk[] = []
  for (const chunk of all) {
    await store.write(chunk)
    if (random.oneIn(4)) doomed.push(chunk)
    else chunks.push(chunk)
  }
  await store.delete(doomed.map(({ ref }) => ref))
  if (end === 'closed') await store.close()
  await cp(join(path, 'store'), join(path, end), { recursive: true })
  if (end === 'killed') await store.close()
  await rm(join(path, 'store'), { recursive: true })
  const segments = await segmentsOf(join(path, end))
  const placed = chunks.flatMap((chunk) =>
    [...segments.values()].flatMap((bytes): Placed[] => {
      const at = bytes.indexOf(chunk.frames) - recordHeaderBytes
      const record = bytes.subarray(at, at + recordHeaderBytes + chunk.frames.length)
      const footer = bytes.subarray(bytes.length - edgesOf(bytes).footer)
      return at < 0 ? [] : [{ chunk, record, offset: at, footer }]
    }),
  )
  return { path: join(path, end), chunks, segments, placed }
}

/** By name, what was set aside included. */
async function segmentsOf(path: string): Promise<Map<string, Buffer>> {
  const found = new Map<string, Buffer>()
  for (const entry of await readdir(join(path, 'segments'), { withFileTypes: true })) {
    const isSegment = parseSegmentFileName(entry.name.slice(0, 16)) !== undefined
    if (!entry.isFile() || !isSegment) continue
    found.set(entry.name, await readFile(join(path, 'segments', entry.name)))
  }
  return found
}

/** Those that must be read from a damaged copy of the store. */
export async function mustRead(built: Built, path: string): Promise<readonly TestChunk[]> {
  const files = [...(await segmentsOf(path)).values()].filter(canBeTold(built))
  const whole = built.placed.filter(({ record, offset, footer }) =>
    files.some((bytes) => {
      const found = bytes.subarray(offset, offset + record.length)
      if (found.equals(record)) return true
      const hasFooter = footer.length > 0 && bytes.subarray(-footer.length).equals(footer)
      return (
        hasFooter && found.subarray(recordHeaderBytes).equals(record.subarray(recordHeaderBytes))
      )
    }),
  )
  return [...new Set(whole.map(({ chunk }) => chunk))]
}

/** Its header is as it was written, or two headers of its records are, which cannot both be wrong. */
function canBeTold({ segments }: Built): (bytes: Buffer) => boolean {
  const headers = new Map<string, number>()
  for (const [number, bytes] of [...segments.values()].entries()) {
    for (const { header } of recordHeaders(bytes)) headers.set(header.toString('hex'), number)
  }
  return (bytes) => {
    const counts = new Map<number, number>()
    for (const { header } of recordHeaders(bytes)) {
      const number = headers.get(header.toString('hex'))
      if (number !== undefined) counts.set(number, (counts.get(number) ?? 0) + 1)
    }
    const isTold = [...counts.values()].some((count) => count > 1)
    return isTold || (parseSegmentHeader(bytes) !== undefined && counts.size > 0)
  }
}

function* recordHeaders(bytes: Buffer): Generator<{ readonly header: Buffer }> {
  for (let at = bytes.indexOf(recordMagic); at >= 0; at = bytes.indexOf(recordMagic, at + 1)) {
    yield { header: bytes.subarray(at, at + recordHeaderBytes) }
  }
}

/** Bytes of a segment at its beginning and at its end that are no record. */
export function edgesOf(bytes: Buffer): { readonly head: number; readonly footer: number } {
  const trailer = bytes.subarray(-trailerBytes)
  const isSealed = trailer.toString('latin1', 0, 4) === 'HFT1'
  return { head: 64, footer: isSealed ? bytes.length - trailer.readUInt32LE(4) : 0 }
}

const kinds = [
  'headBit',
  'headGarbage',
  'headPage',
  'headZeros',
  'otherHead',
  'footerBit',
  'footerCut',
  'footerGarbage',
  'tailGarbage',
  'bodyBit',
  'renamed',
  'copied',
  'swapped',
  'aside',
  'junk',
  'directory',
  'hardLink',
  'symbolicLink',
  'brokenLink',
] as const

/** Does one thing to the segments in `path`, and answers what. */
export async function damageOne(path: string, random: SeededRandom): Promise<string> {
  const directory = join(path, 'segments')
  const names = (await readdir(directory, { withFileTypes: true }))
    .filter((entry) => entry.isFile() && parseSegmentFileName(entry.name) !== undefined)
    .map(({ name }) => name)
    .sort()
  if (names.length === 0) return 'nothing'
  const kind = random.pick(kinds)
  const name = random.pick(names)
  const other = join(directory, random.pick(names))
  const fresh = join(directory, `${random.bytes(6).toString('hex')}.seg`)
  const file = join(directory, name)
  const hurt = { bytes: await readFile(file), other: await readFile(other), random }
  const changed = changeBytes(kind, hurt)
  if (changed !== undefined) await writeFile(file, changed)
  else await changeNames(kind, { file, other, fresh, random })
  return `${kind} ${name}`
}

type Hurt = { readonly bytes: Buffer; readonly other: Buffer; readonly random: SeededRandom }

function changeBytes(kind: (typeof kinds)[number], { bytes, other, random }: Hurt) {
  const { footer } = edgesOf(bytes)
  const end = bytes.length - footer
  const flip = (from: number, to: number): Buffer => {
    const at = from + random.below(Math.max(1, to - from))
    if (at < bytes.length) bytes[at] = (bytes[at] ?? 0) ^ (1 << random.below(8))
    return bytes
  }
  const over = (piece: Buffer, at: number): Buffer => {
    piece.copy(bytes, at)
    return bytes
  }
  switch (kind) {
    case 'headBit':
      return flip(0, 64)
    case 'headGarbage':
      return over(random.bytes(1 + random.below(64)), 0)
    case 'headPage':
      return over(random.bytes(4096), 0)
    case 'headZeros':
      return over(Buffer.alloc(random.oneIn(2) ? 64 : 4096), 0)
    case 'otherHead':
      return over(other.subarray(0, 64), 0)
    case 'footerBit':
      return flip(end, bytes.length)
    case 'footerCut':
      return bytes.subarray(0, bytes.length - random.below(footer + 1))
    case 'footerGarbage':
      return over(random.bytes(footer), end)
    case 'tailGarbage':
      return Buffer.concat([bytes, random.bytes(1 + random.below(200))])
    case 'bodyBit':
      return flip(64, end)
    default:
      return undefined
  }
}

type Names = {
  readonly file: string
  readonly other: string
  readonly fresh: string
  readonly random: SeededRandom
}

async function changeNames(kind: (typeof kinds)[number], { file, other, fresh, random }: Names) {
  switch (kind) {
    case 'renamed':
      return rename(file, fresh)
    case 'copied':
      return cp(file, fresh)
    case 'swapped':
      await rename(file, `${file}.swap`)
      if (file !== other) await rename(other, file)
      return rename(`${file}.swap`, other)
    case 'aside':
      return rename(file, `${file}.bad`)
    case 'junk':
      return writeFile(fresh, random.bytes(random.below(300)))
    case 'directory':
      return void (await mkdir(fresh))
    case 'hardLink':
      return link(file, fresh)
    case 'symbolicLink':
      return symlink(file, fresh)
    case 'brokenLink':
      return symlink(`${file}-nowhere`, fresh)
    default:
      return
  }
}

/** The index may go with it, or be hurt. */
export async function damageIndex(path: string, random: SeededRandom): Promise<string> {
  const file = join(path, 'index', 'data.mdb')
  switch (random.below(4)) {
    case 0:
      await rm(join(path, 'index'), { recursive: true })
      return 'index lost'
    case 1: {
      const bytes = await readFile(file)
      const at = random.below(bytes.length)
      bytes[at] = (bytes[at] ?? 0) ^ (1 << random.below(8))
      await writeFile(file, bytes)
      return 'index bit'
    }
    default:
      return 'index as it was'
  }
}
