// New ids of multipart uploads. They begin with the time, so that old uploads are found without looking
// at the others.
import assert from 'node:assert'
import { parseUploadId } from './record-ids.ts'
import type { UploadId } from './records.ts'

const idBytes = 16
const timeBytes = 6

/** Six bytes of time, ten random ones. `random` answers as many bytes as it is asked for. */
export function drawUploadId(initiatedMs: number, random: (bytes: number) => Buffer): UploadId {
  const bytes = Buffer.concat([uploadTimePrefix(initiatedMs), random(idBytes - timeBytes)])
  const id = parseUploadId(bytes.toString('hex'))
  assert(id !== undefined, 'random() gave too few bytes')
  return id
}

/** Ids of uploads initiated before this time, in milliseconds, sort before this. */
export function uploadTimePrefix(timeMs: number): Buffer {
  const bytes = Buffer.alloc(timeBytes)
  bytes.writeUIntBE(Math.max(0, Math.floor(timeMs)), 0, timeBytes)
  return bytes
}
