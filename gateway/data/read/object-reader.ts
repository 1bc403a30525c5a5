// Reads plaintext of stored objects, whole or in part: about 1 MiB of frames at a time, with the next
// read under way while the last is consumed; only the blocks that are needed are read and decrypted.
import assert from 'node:assert'
import type { KeyObject } from 'node:crypto'
import type { BlobRead, WantedFrames } from '../../../datanode/blob-store.ts'
import { chunkKey } from '../../../protocol/chunks/chunk-keys.ts'
import {
  blockBytes,
  blockCount,
  type ChunkRef,
  sealedBytes,
} from '../../../protocol/chunks/chunk-ref.ts'
import { BadFrame, openFrames } from '../../../protocol/chunks/open-frames.ts'
import { BadInlineData, openInline } from '../../../protocol/chunks/seal-inline.ts'
import type { HalfOpenRange } from '../../../protocol/s3/range.ts'
import type { TenantKeys } from '../../access/keys/tenant-keys.ts'
import type { Batch, Batches } from '../buffers/batch.ts'
import { framesPerRead, withFrameMemory } from '../buffers/frame-memory.ts'
import { ChunksUnavailable } from '../storage-failure.ts'
import { type ChunkSlice, slicesOf } from './chunk-slices.ts'
import {
  type ObjectRange,
  type ObjectSource,
  type ReaderDeps,
  UnreadableData,
} from './reader-deps.ts'

/** What a store may read with the frames of a chunk, for itself. */
const recordHeaderBytesMax = 128
/** A range of this length never touches more frames than that. */
const onlyStepBytesMax = (framesPerRead - 1) * blockBytes

/**
 * The range in batches of at most 1 MiB, of buffers of at most 64 KiB each, to be written under one
 * cork. Memory: two batches. Throws `UnreadableData` and
 * `ChunksUnavailable`, never ends short. May be ended early.
 */
export async function* readBatches(
  deps: ReaderDeps,
  source: ObjectSource,
  range: HalfOpenRange,
): Batches {
  assertRange(source, range)
  if (range.start === range.end) return
  const only = onlyStep(deps, source.data, range)
  if (only !== undefined) {
    yield await readStep(deps, only)
    return
  }
  let ahead: Promise<Batch> | undefined
  try {
    for await (const step of stepsOf(deps, source.data, range)) {
      const next = readStep(deps, step)
      // It may fail while the consumer has the batch before it: the failure is met at the next `await`.
      next.catch(() => {})
      const before = ahead
      ahead = next
      if (before !== undefined) yield await before
    }
    const last = ahead
    ahead = undefined
    if (last !== undefined) yield await last
  } finally {
    // Ended early or failed: the read under way ends before we do, whatever comes of it.
    if (ahead !== undefined) await Promise.allSettled([ahead])
  }
}

/**
 * Ranges of several objects at once, each as buffers of at most 64 KiB: what lies side by side in the
 * store is fetched in one go. Memory: all of them, and as much again. Throws `UnreadableData`
 * and `ChunksUnavailable`.
 */
export async function readTogether(
  deps: ReaderDeps,
  wanted: readonly ObjectRange[],
): Promise<readonly (readonly Buffer[])[]> {
  const steps = await Promise.all(wanted.map((one) => allSteps(deps, one)))
  const asked = steps.flat().flatMap((step) => (step.is === 'chunk' ? framesOf(step) : []))
  return withFrameMemory(bytesToRead(asked), async (memory) => {
    const answers = (await deps.blobs.readMany(asked, { into: memory })).values()
    return steps.map((ofOne) =>
      ofOne.flatMap((step) => {
        if (step.is === 'inline') return openInlineRun(deps.tenantKeys, step)
        const { value: read } = answers.next()
        assert(read !== undefined, 'a read without an answer')
        return opened(step, read)
      }),
    )
  })
}

async function allSteps(
  deps: ReaderDeps,
  { source, range }: ObjectRange,
): Promise<readonly Step[]> {
  assertRange(source, range)
  if (range.start === range.end) return []
  const only = onlyStep(deps, source.data, range)
  if (only !== undefined) return [only]
  const steps: Step[] = []
  for await (const step of stepsOf(deps, source.data, range)) steps.push(step)
  return steps
}

/** The same as single buffers of at most 64 KiB. */
export async function* readPlaintext(
  deps: ReaderDeps,
  source: ObjectSource,
  range: HalfOpenRange,
): AsyncGenerator<Buffer, void, void> {
  for await (const batch of readBatches(deps, source, range)) yield* batch
}

/** The range at once when it is kept in metadata, else nothing. Throws `UnreadableData`. */
export function readInline(
  keys: Pick<TenantKeys, 'inlineKeys'>,
  source: ObjectSource,
  range: HalfOpenRange,
): Buffer | undefined {
  assertRange(source, range)
  if (source.data.is !== 'inline') return undefined
  return openInlineRun(keys, { sealed: source.data.sealed, from: range.start, to: range.end })
}

function assertRange(source: ObjectSource, { start, end }: HalfOpenRange): void {
  assert(0 <= start && start <= end && end <= source.size, 'a range outside the object')
}

/** One read: blocks of one chunk, or inline data. */
type Step = (ChunkSlice & { readonly is: 'inline' }) | ChunkStep
type ChunkStep = ChunkSlice & { readonly is: 'chunk'; readonly key: KeyObject }

/** The one read that does for inline data or a short range of one chunk: most objects are no more. */
function onlyStep(
  deps: ReaderDeps,
  data: ObjectSource['data'],
  { start, end }: HalfOpenRange,
): Step | undefined {
  if (data.is === 'inline') return { is: 'inline', sealed: data.sealed, from: start, to: end }
  if (data.is !== 'chunks' || data.chunks.length !== 1) return undefined
  const [chunk] = data.chunks
  if (chunk === undefined || end > chunk.length || end - start > onlyStepBytesMax) return undefined
  const key = chunkKey(deps.tenantKeys, chunk.id)
  return { is: 'chunk', chunk, from: start, to: end, key }
}

async function* stepsOf(
  deps: ReaderDeps,
  data: ObjectSource['data'],
  range: HalfOpenRange,
): AsyncGenerator<Step, void, void> {
  for await (const run of slicesOf(deps, data, range)) {
    if (run.is === 'inline') {
      yield run
      continue
    }
    const key = chunkKey(deps.tenantKeys, run.chunk.id)
    for (let from = run.from; from < run.to; ) {
      const frames = deps.framesAtOnce?.() ?? framesPerRead
      const stepEnd = (Math.floor(from / blockBytes) + frames) * blockBytes
      const to = Math.min(run.to, stepEnd)
      yield { is: 'chunk', chunk: run.chunk, from, to, key }
      from = to
    }
  }
}

async function readStep(deps: ReaderDeps, step: Step): Promise<Batch> {
  if (step.is === 'inline') return [openInlineRun(deps.tenantKeys, step)]
  const wanted = framesOf(step)
  return withFrameMemory(bytesToRead([wanted]), async (memory) =>
    opened(step, await deps.blobs.read(wanted.ref, wanted.range, { into: memory })),
  )
}

function bytesToRead(wanted: readonly WantedFrames[]): number {
  let bytes = 0
  for (const { range } of wanted) {
    bytes += sealedBytes(Math.min(range.length, range.count * blockBytes)) + recordHeaderBytesMax
  }
  return bytes
}

/** The frames that hold what a step reads. */
function framesOf({ chunk, from, to }: ChunkStep): WantedFrames {
  const first = Math.floor(from / blockBytes)
  return { ref: chunk, range: { first, count: blockCount(to) - first, length: chunk.length } }
}

/** The plaintext of a step from what the store has answered. */
function opened(step: ChunkStep, read: BlobRead): Batch {
  const { chunk, from, to } = step
  if (read.is === 'unavailable') throw new ChunksUnavailable(nameOf(chunk))
  if (read.is !== 'found') throw new UnreadableData(`${nameOf(chunk)} is ${read.is}`)
  const { range } = framesOf(step)
  try {
    const blocks = openFrames(step.key, range, read.frames)
    return trimmed(blocks, from - range.first * blockBytes, to - from)
  } catch (cause) {
    if (!(cause instanceof BadFrame)) throw cause
    throw new UnreadableData(`${nameOf(chunk)} does not open`, { cause })
  }
}

function nameOf(chunk: ChunkRef): string {
  return `chunk ${chunk.id.toString('hex')} generation ${chunk.generation}`
}

/** Cuts off what whole blocks hold more than was asked for. */
function trimmed(blocks: Buffer[], skip: number, length: number): Batch {
  const head = blocks[0]
  assert(head !== undefined, 'a read of no block')
  blocks[0] = head.subarray(skip)
  let rest = length
  for (const [index, block] of blocks.entries()) {
    if (block.length > rest) blocks[index] = block.subarray(0, rest)
    rest -= Math.min(rest, block.length)
  }
  assert(rest === 0, 'blocks that end before the range')
  return blocks
}

function openInlineRun(
  keys: Pick<TenantKeys, 'inlineKeys'>,
  run: { readonly sealed: Uint8Array; readonly from: number; readonly to: number },
): Buffer {
  try {
    const plaintext = openInline(keys, run.sealed)
    if (plaintext.length < run.to) throw new UnreadableData('inline data ends too early')
    return plaintext.subarray(run.from, run.to)
  } catch (cause) {
    if (!(cause instanceof BadInlineData)) throw cause
    throw new UnreadableData('inline data does not open', { cause })
  }
}
