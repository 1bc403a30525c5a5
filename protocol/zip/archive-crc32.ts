// The CRC-32 of a whole archive, from its headers and from the CRC-32 of each entry's data: no data is
// read. Holds a few numbers, whatever the number of entries.
import { crc32 } from '@node-rs/crc32'
import { combineCrc32 } from '../s3/checksums/crc-combine.ts'
import type { ZipEntry } from './zip-entry.ts'
import { type CentralDirectory, type EntryHeaders, endOfCentralDirectory } from './zip-layout.ts'

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
