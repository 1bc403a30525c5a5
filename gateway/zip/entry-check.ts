// Compares what is sent with what the manifest promised: an entry whose bytes have another CRC-32 must
// not be sent to its end. Entries that a range cuts cannot be compared.
import { crc32 } from '@node-rs/crc32'
import { UnreadableData } from '../data/read/reader-deps.ts'
import type { EntrySlice } from './entry-slice.ts'
import type { PlacedEntry } from './manifest-entries.ts'

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
