// Reads the bytes of slices: headers are made, data is read from the store, a step's objects at once; and
// compares what is sent with what the manifest promised.
import assert from 'node:assert'
import { crc32 } from '@node-rs/crc32'
import type { EntrySource } from '../../metadata/manifest-store.ts'
import type { MetadataStore } from '../../metadata/metadata-store.ts'
import type { BucketId, ObjectData } from '../../metadata/records.ts'
import { localHeader } from '../../protocol/zip/zip-layout.ts'
import { readBatches, readTogether } from '../data/read/object-reader.ts'
import { type ObjectRange, type ReaderDeps, UnreadableData } from '../data/read/reader-deps.ts'
import { dataOf, type EntrySlice } from './entry-slice.ts'
import type { PlacedEntry } from './manifest-entries.ts'

export type SliceParts = ReaderDeps & {
  readonly metadata: {
    readonly objects: Pick<MetadataStore['objects'], 'dataOfRows'>
  }
}

/** A slice as bytes: the part of its header, and buffers of at most 64 KiB of its data. */
export type ReadSlice = {
  readonly slice: EntrySlice
  readonly header: Buffer | undefined
  readonly data: readonly Buffer[]
  /** Where what was read ends in the archive. */
  readonly end: number
}

/** Where an object's bytes are, of the row asked for last: large objects take many steps. */
type LastData = { rowId: string; data: ObjectData }

const noData = { value: undefined }

export class SliceReader {
  private readonly deps: SliceParts
  private last: LastData | undefined

  constructor(deps: SliceParts) {
    this.deps = deps
  }

  /** All of it; memory is about twice what the slices have. Throws `UnreadableData`. */
  async read(slices: readonly EntrySlice[]): Promise<readonly ReadSlice[]> {
    const dataOfSource = await this.locate(slices)
    const wanted = slices.map((slice) => objectRange(slice, dataOfSource))
    const read = await readTogether(
      this.deps,
      wanted.filter((one) => one !== undefined),
    )
    const buffers = read.values()
    return slices.map((slice, index) => {
      const { value } = wanted[index] === undefined ? noData : buffers.next()
      return { slice, header: headerOf(slice), data: value ?? [], end: slice.end }
    })
  }

  /** The same of one slice that takes data, batch by batch, its header with the first. */
  async *stream(slice: EntrySlice): AsyncGenerator<ReadSlice, void, void> {
    const { source, size } = slice.placed.entry
    const data = source && (await this.locate([slice])).get(source)
    assert(data !== undefined, 'a slice without data')
    let header = headerOf(slice)
    let end = slice.start + (header?.length ?? 0)
    for await (const batch of readBatches(this.deps, { data, size }, dataOf(slice))) {
      for (const buffer of batch) end += buffer.length
      yield { slice, header, data: batch, end }
      header = undefined
    }
  }

  /** Where the data of all slices that take some is. Throws `UnreadableData` for a row that is gone. */
  private async locate(slices: readonly EntrySlice[]): Promise<Map<EntrySource, ObjectData>> {
    const found = new Map<EntrySource, ObjectData>()
    const asked = new Map<BucketId, EntrySource[]>()
    for (const slice of slices) {
      const { source } = slice.placed.entry
      const range = dataOf(slice)
      if (source === undefined || range.start === range.end) continue
      if (this.last?.rowId === source.rowId) {
        found.set(source, this.last.data)
        continue
      }
      const ofBucket = asked.get(source.bucketId)
      if (ofBucket === undefined) asked.set(source.bucketId, [source])
      else ofBucket.push(source)
    }
    for (const [bucketId, sources] of asked) {
      const data = await this.deps.metadata.objects.dataOfRows(bucketId, sources)
      for (const [index, source] of sources.entries()) {
        const located = data[index]
        if (located === undefined) throw new UnreadableData(`row ${source.rowId} is gone`)
        found.set(source, located)
        this.last = { rowId: source.rowId, data: located }
      }
    }
    return found
  }
}

/** What a slice takes of its object, if any. */
function objectRange(
  slice: EntrySlice,
  dataOfSource: ReadonlyMap<EntrySource, ObjectData>,
): ObjectRange | undefined {
  const { source, size } = slice.placed.entry
  const data = source && dataOfSource.get(source)
  return data && { source: { data, size }, range: dataOf(slice) }
}

function headerOf({ placed, start, end }: EntrySlice): Buffer | undefined {
  if (start >= placed.dataOffset) return undefined
  return localHeader(placed.entry).subarray(start - placed.offset, end - placed.offset)
}

/**
 * An entry whose bytes have another CRC-32 than was promised must not be sent to its end. Entries that a range
 * cuts cannot be compared.
 */
export class EntryCheck {
  /** The entry whose bytes have all been seen so far. */
  private current: { readonly placed: PlacedEntry; crc: number; seen: number } | undefined

  /** To be shown every piece of data in order. Throws `UnreadableData` with the last of an entry. */
  see({ placed, start }: EntrySlice, data: readonly Buffer[]): void {
    if (start <= placed.dataOffset && this.current?.placed !== placed) {
      this.current = { placed, crc: 0, seen: 0 }
    }
    const current = this.current
    if (current?.placed !== placed) return
    for (const buffer of data) {
      current.crc = crc32(buffer, current.crc)
      current.seen += buffer.length
    }
    const { size, crc32: promised } = placed.entry
    if (current.seen === size && current.crc !== promised) {
      throw new UnreadableData('an entry whose bytes are not those that were frozen')
    }
  }
}
