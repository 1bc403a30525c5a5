// Which keys cannot both be names of files: one where the folder of another has to be, and those that differ
// only where the case of letters, or how an accent is composed, makes no difference.
import { crc32, crc32c } from '@node-rs/crc32'

/**
 * Whether the file of a key would stand where a folder has to be: keys `a` and `a/b`. Between the two may stand
 * any number of others (`a!`, `a-b`), so the next key tells only most of the time; where it does not, one seek
 * in the listing does. `next` is the key that follows in byte order, if any. `unknown`: ask whether there is a key that
 * starts with `key + '/'`.
 */
export function folderClash(key: string, next: string | undefined): 'none' | 'folder' | 'unknown' {
  // Keys that begin alike stand together.
  if (next === undefined || !next.startsWith(key)) return 'none'
  const following = next.charCodeAt(key.length)
  if (following === slash) return 'folder'
  return following < slash ? 'unknown' : 'none'
}

const slash = 0x2f

const probes = 4

/**
 * Keys that clash by letter case stand far apart in a listing, so all keys are shown to this filter first, in any
 * order. It has a fixed size: it never overlooks a clash, and sees some where there are none, which only makes a
 * name longer. The same keys in the same order always give the same answers.
 */
export class CaseClashes {
  private readonly seen: BitSet
  private readonly twins: BitSet
  private readonly folders: BitSet
  private lastFolder = ''

  /** Takes this many bytes of memory, about; two or more for each key keep false alarms rare. */
  constructor(options: { readonly bytes: number }) {
    const bytesEach = Math.max(1, Math.floor(options.bytes / 3))
    this.seen = new BitSet(bytesEach)
    this.twins = new BitSet(bytesEach)
    this.folders = new BitSet(bytesEach)
  }

  /** To be called once for every key, before the first question. */
  add(key: string, entry: { readonly isDirectory: boolean }): void {
    const folded = foldKey(key)
    this.addFolders(folded)
    // Folders that fold alike become one folder, which harms nobody.
    if (entry.isDirectory) return
    if (!this.seen.add(folded)) this.twins.add(folded)
  }

  /** Whether another key may be the same but for the case of letters. */
  hasTwin(key: string): boolean {
    return this.twins.has(foldKey(key))
  }

  /** Whether a folder of some key may stand where the file of this key would. */
  isBesideFolder(key: string): boolean {
    return this.folders.has(foldKey(key))
  }

  private addFolders(folded: string): void {
    const end = folded.lastIndexOf('/')
    if (end === -1 || folded.slice(0, end) === this.lastFolder) return
    this.lastFolder = folded.slice(0, end)
    for (let at = folded.indexOf('/'); at !== -1; at = folded.indexOf('/', at + 1)) {
      this.folders.add(folded.slice(0, at))
    }
  }
}

/** Equal for keys that any common file system takes for the same name. */
export function foldKey(key: string): string {
  return key.normalize('NFC').toUpperCase().toLowerCase().normalize('NFC')
}

/** A Bloom filter. */
class BitSet {
  private readonly bits: Uint8Array

  constructor(bytes: number) {
    this.bits = new Uint8Array(bytes)
  }

  /** False when it was there already, or seems so. */
  add(text: string): boolean {
    let isNew = false
    for (const bit of this.places(text)) {
      const at = Math.floor(bit / 8)
      const mask = 1 << (bit % 8)
      const byte = this.bits[at] ?? 0
      if ((byte & mask) === 0) isNew = true
      this.bits[at] = byte | mask
    }
    return isNew
  }

  has(text: string): boolean {
    return this.places(text).every(
      (bit) => ((this.bits[Math.floor(bit / 8)] ?? 0) & (1 << (bit % 8))) !== 0,
    )
  }

  private places(text: string): readonly number[] {
    const bytes = Buffer.from(text)
    const first = crc32(bytes)
    const step = crc32c(bytes) | 1
    const count = this.bits.length * 8
    return Array.from({ length: probes }, (_, probe) => (first + probe * (step >>> 0)) % count)
  }
}
