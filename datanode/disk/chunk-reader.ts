// Reads chunks by way of the index, one or many, while others move and delete them; notes in the index
// which ones it has found bad.
import type { BlobRef } from '../../protocol/chunks/chunk-ref.ts'
import type { BlobRead, WantedFrames } from '../blob-store.ts'
import { allEnded } from './all-ended.ts'
import type { ChunkIndex, Place } from './chunk-index.ts'
import { withLedger } from './chunk-ledger.ts'
import { type JoinedRead, joinReads, type SegmentSpan } from './joined-reads.ts'
import type { LostChunkSearch } from './lost-chunk-search.ts'
import { checkFrames, type PlacedFrames, readFrames, readSpan, spanToRead } from './read-record.ts'
import type { SegmentFiles } from './segment-files.ts'
import { errorCode } from './vfs.ts'

/** A chunk may move between the look into the index and the read, but not this often. */
const lookUpsMax = 10
const noMemory = Buffer.alloc(0)

/** One of many, and which of the answers is its own. */
type Numbered = WantedFrames & { readonly number: number }
type Located = Numbered & PlacedFrames & SegmentSpan
type Answer = { readonly number: number; readonly read: BlobRead }

export class ChunkReader {
  private readonly index: ChunkIndex
  private readonly files: SegmentFiles
  private readonly search: LostChunkSearch

  constructor(parts: {
    readonly index: ChunkIndex
    readonly files: SegmentFiles
    readonly search: LostChunkSearch
  }) {
    this.index = parts.index
    this.files = parts.files
    this.search = parts.search
  }

  /** As `BlobStore.read`. */
  async read({ ref, range }: WantedFrames, into?: Buffer): Promise<BlobRead> {
    let gone: { place: Place; cause: unknown } | undefined
    for (let i = 0; i < lookUpsMax; i += 1) {
      const place = this.index.find(ref)
      if (place === undefined) {
        if (await this.search.find(ref)) continue
        return this.absent()
      }
      try {
        const placed = { ref, place, range }
        const read = await this.files.use(place.segment, (file) => readFrames(file, placed, into))
        if (read.is === 'corrupt' && (await this.isElsewhere(placed))) continue
        return read
      } catch (cause) {
        if (errorCode(cause) === 'EIO') this.markBad(ref, place)
        if (errorCode(cause) !== 'ENOENT') throw cause
        // Its segment was retired meanwhile: by now the index says where the chunk went.
        gone = { place, cause }
      }
    }
    if (gone !== undefined) {
      if (await this.search.find(ref)) return this.read({ ref, range }, into)
      this.markBad(ref, gone.place)
    }
    throw new Error('a segment that the index points to is missing', { cause: gone?.cause })
  }

  /** As `BlobStore.readMany`. Ends only when every read has. */
  async readMany(wanted: readonly WantedFrames[], into?: Buffer): Promise<readonly BlobRead[]> {
    const located: Located[] = []
    const others: Numbered[] = []
    for (const [number, { ref, range }] of wanted.entries()) {
      const place = this.index.find(ref)
      const span = place && spanToRead({ ref, place, range })
      if (place === undefined || span === undefined) others.push({ ref, range, number })
      else located.push({ ref, range, number, place, segment: place.segment, span })
    }
    let room = into ?? noMemory
    const joined = joinReads(located).map((read) => {
      const { bytes } = read.span
      if (room.length < bytes) return this.readJoined(read)
      const memory = room.subarray(0, bytes)
      room = room.subarray(bytes)
      return this.readJoined(read, memory)
    })
    const answers: BlobRead[] = []
    for (const { number, read } of (await allEnded([...joined, this.readEach(others)])).flat()) {
      answers[number] = read
    }
    return answers
  }

  private async readJoined(
    { segment, span, of }: JoinedRead<Located>,
    into?: Buffer,
  ): Promise<readonly Answer[]> {
    let bytes: Buffer
    try {
      bytes = await this.files.use(segment, (file) => readSpan(file, span, into))
    } catch (cause) {
      if (errorCode(cause) !== 'ENOENT' && errorCode(cause) !== 'EIO') throw cause
      // The segment was retired meanwhile, or one of them cannot be read: each for itself then.
      return this.readEach(of)
    }
    const bad: Numbered[] = []
    const answers = of.flatMap((located): Answer[] => {
      const from = located.span.start - span.start
      const own = bytes.subarray(from, from + located.span.bytes)
      const read = checkFrames(own, located)
      if (read.is === 'found') return [{ number: located.number, read }]
      bad.push(located)
      return []
    })
    // Each of those for itself: it may be the index that is wrong, or there is another copy.
    return bad.length === 0 ? answers : [...answers, ...(await this.readEach(bad))]
  }

  private readEach(wanted: readonly Numbered[]): Promise<readonly Answer[]> {
    return allEnded(wanted.map(async (one) => ({ number: one.number, read: await this.read(one) })))
  }

  /**
   * True when the index led to a place that is not the chunk's, or to a bad copy of two, and knows a good one
   * by now.
   */
  private async isElsewhere({ ref, place }: PlacedFrames): Promise<boolean> {
    this.markBad(ref, place)
    return this.search.find(ref)
  }

  /** So that the next upload of the same content stores it again. */
  private markBad(ref: BlobRef, place: Place): void {
    if (place.isBad) return
    try {
      this.index.transact((txn) => withLedger(txn, (ledger) => ledger.markBad(ref, place)))
    } catch {
      // The reader's answer must not depend on it: the next reader notes it, or the scrub.
    }
  }

  private absent(): BlobRead {
    if (this.index.remembered('uncertain') === '1') {
      throw new Error('a chunk was not found, and damaged segments may hide it')
    }
    return { is: 'absent' }
  }
}
