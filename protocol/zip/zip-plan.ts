// Where everything of an archive stands, found while its entries pass by in order. Holds a few
// numbers, whatever the number of entries.
import { strict as assert } from 'node:assert'
import type { ZipEntry } from './zip-entry.ts'
import {
  type CentralDirectory,
  centralHeaderBytes,
  endBytes,
  localHeaderBytes,
} from './zip-layout.ts'

export type PlannedArchive = CentralDirectory & {
  /** Of the whole archive. */
  readonly totalBytes: number
}

/** What a plan has come to: enough to go on from later. */
export type ZipPlanState = {
  readonly entries: number
  /** Where the next local header stands. */
  readonly offset: number
  readonly centralBytes: number
}

export class ZipPlan {
  private entries: number
  private offset: number
  private centralBytes: number

  constructor(state: ZipPlanState = { entries: 0, offset: 0, centralBytes: 0 }) {
    this.entries = state.entries
    this.offset = state.offset
    this.centralBytes = state.centralBytes
  }

  get state(): ZipPlanState {
    const { entries, offset, centralBytes } = this
    return { entries, offset, centralBytes }
  }

  /** The offset of the entry's local header. Entries come in the order they have in the archive. */
  add(entry: ZipEntry): number {
    const { offset } = this
    this.entries += 1
    this.offset += localHeaderBytes(entry) + entry.size
    this.centralBytes += centralHeaderBytes(entry, offset)
    assert(Number.isSafeInteger(this.offset + this.centralBytes), 'an archive beyond 8 PiB')
    return offset
  }

  finish(): PlannedArchive {
    const directory = { entries: this.entries, offset: this.offset, bytes: this.centralBytes }
    const totalBytes = directory.offset + directory.bytes + endBytes(directory)
    return { ...directory, totalBytes }
  }
}
