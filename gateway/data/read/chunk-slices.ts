// Which chunks, and which bytes of each, make up a range of a stored object: inline data aside. Pages
// through lists and parts as it goes, so that memory does not grow with the object.
import {
  inlineBytesMax,
  type ObjectData,
  type PartsPlace,
  type PieceData,
} from '../../../metadata/records.ts'
import type { ChunkRef } from '../../../protocol/chunks/chunk-ref.ts'
import type { HalfOpenRange } from '../../../protocol/s3/range.ts'
import { type ReaderDeps, UnreadableData } from './reader-deps.ts'

/** Plaintext `from` to `to` (exclusive) of a chunk, or of inline data. */
export type ChunkSlice =
  | { readonly is: 'chunk'; readonly chunk: ChunkRef; readonly from: number; readonly to: number }
  | {
      readonly is: 'inline'
      readonly sealed: Uint8Array
      readonly from: number
      readonly to: number
    }

const listPageChunks = 256
const partsPage = 64

/** The runs of a non-empty range, in order. Throws `UnreadableData` when metadata falls short of it. */
export async function* slicesOf(
  deps: ReaderDeps,
  data: ObjectData,
  range: HalfOpenRange,
): AsyncGenerator<ChunkSlice, void, void> {
  if (data.is !== 'parts') {
    yield* slicesOfPiece(deps, data, range)
    return
  }
  let offset = 0
  let wanted: { readonly number: number; readonly range: HalfOpenRange }[] = []
  for (const { number, size } of data.parts) {
    const start = Math.max(range.start - offset, 0)
    const end = Math.min(range.end - offset, size)
    offset += size
    if (start < end) wanted.push({ number, range: { start, end } })
    if (wanted.length === partsPage) {
      yield* slicesOfParts(deps, data, wanted)
      wanted = []
    }
  }
  yield* slicesOfParts(deps, data, wanted)
}

async function* slicesOfParts(
  deps: ReaderDeps,
  place: PartsPlace,
  wanted: readonly { readonly number: number; readonly range: HalfOpenRange }[],
): AsyncGenerator<ChunkSlice, void, void> {
  if (wanted.length === 0) return
  const numbers = wanted.map(({ number }) => number)
  const parts = await deps.metadata.uploads.readParts(place, numbers)
  for (const [index, { number, range }] of wanted.entries()) {
    const part = parts[index]
    if (part === undefined) {
      throw new UnreadableData(`part ${number} of ${place.uploadId} is missing`)
    }
    yield* slicesOfPiece(deps, part.data, range)
  }
}

async function* slicesOfPiece(
  deps: ReaderDeps,
  data: PieceData,
  range: HalfOpenRange,
): AsyncGenerator<ChunkSlice, void, void> {
  switch (data.is) {
    case 'inline':
      if (range.end > inlineBytesMax) throw new UnreadableData('inline data ends too early')
      yield { is: 'inline', sealed: data.sealed, from: range.start, to: range.end }
      return
    case 'chunks': {
      const end = yield* runsOfChunks(data.chunks, 0, range)
      if (end < range.end) throw new UnreadableData(`the chunks end at ${end}`)
      return
    }
    case 'list': {
      let at = range.start
      while (at < range.end) {
        const page = await deps.metadata.chunks.readList(data.listId, at, listPageChunks)
        const end = yield* runsOfChunks(page.chunks, page.offset, { start: at, end: range.end })
        if (end <= at) throw new UnreadableData(`the chunk list ${data.listId} ends at ${at}`)
        at = end
      }
      return
    }
    default:
      data satisfies never
  }
}

/** The parts of these chunks, of which the first begins at `offset`, that the range covers; answers where they end. */
function* runsOfChunks(
  chunks: readonly ChunkRef[],
  offset: number,
  range: HalfOpenRange,
): Generator<ChunkSlice, number, void> {
  if (offset > range.start) throw new UnreadableData(`the chunks begin at ${offset}`)
  let at = offset
  for (const chunk of chunks) {
    if (at >= range.end) break
    const from = Math.max(range.start - at, 0)
    const to = Math.min(range.end - at, chunk.length)
    at += chunk.length
    if (from < to) yield { is: 'chunk', chunk, from, to }
  }
  return at
}
