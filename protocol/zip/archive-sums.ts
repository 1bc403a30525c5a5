// What the entries of an archive come to, as they pass by in order: its CRC-32 and its strong ETag. No data is
// read, and a few numbers are held, whatever the number of entries.
import { createHash, type Hash } from 'node:crypto'
import { crc32 } from '@node-rs/crc32'
import { combineCrc32 } from '../s3/checksums/crc-combine.ts'
import type { ZipEntry } from './zip-entry.ts'
import {
  type CentralDirectory,
  type EntryHeaders,
  endOfCentralDirectory,
  layoutVersion,
} from './zip-layout.ts'

/** Of the whole archive, from its headers and from the CRC-32 of each entry's data. */
export class ArchiveCrc32 {
  /** Of all local headers and data so far. */
  private dataCrc = 0
  /** Of the central directory so far. */
  private centralCrc = 0

  /** Entries in order, with their headers. */
  add(entry: Pick<ZipEntry, 'size' | 'crc32'>, headers: EntryHeaders): void {
    const headed = crc32(headers.local, this.dataCrc)
    this.dataCrc = combineCrc32(headed, entry.crc32, entry.size)
    this.centralCrc = crc32(headers.central, this.centralCrc)
  }

  /** `directory` as `ZipPlan.finish` gave it. */
  finish(directory: CentralDirectory): number {
    const headed = combineCrc32(this.dataCrc, this.centralCrc, directory.bytes)
    return crc32(endOfCentralDirectory(directory), headed)
  }
}

const etagDigits = 32

/**
 * A digest of everything that an archive's bytes depend on. CRC-32 alone does not tell contents apart, so that
 * each entry also brings the identity of its content.
 */
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
