// The strong ETag of an archive: a digest of everything its bytes depend on. CRC-32 alone does not tell
// contents apart, so that each entry also brings the identity of its content.
import { createHash, type Hash } from 'node:crypto'
import { type EntryHeaders, layoutVersion } from './zip-layout.ts'

const etagDigits = 32

export class ArchiveEtag {
  private readonly hash: Hash

  /** `options` names whatever else decides on names and order, in a form of its own. */
  constructor(options: string) {
    this.hash = createHash('sha256')
    this.addText(`holdfast zip ${layoutVersion}`)
    this.addText(options)
  }

  /** `content` is different for different bytes: a version's row, its ETag. */
  add(headers: Pick<EntryHeaders, 'central'>, content: string): void {
    // The central header holds all of an entry, its place included.
    this.addBytes(headers.central)
    this.addText(content)
  }

  /** 32 hex digits, without quotes. To be called once. */
  finish(): string {
    return this.hash.digest('hex').slice(0, etagDigits)
  }

  private addText(text: string): void {
    this.addBytes(Buffer.from(text))
  }

  /** With its length, so that no two sequences read alike. */
  private addBytes(bytes: Buffer): void {
    this.hash.update(`${bytes.length}:`).update(bytes)
  }
}
