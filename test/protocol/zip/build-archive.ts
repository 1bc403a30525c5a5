// Builds small archives whole, in the way a download does: plan, headers, data, central directory, end.
import { crc32 } from '@node-rs/crc32'
import { ArchiveCrc32 } from '../../../protocol/zip/archive-crc32.ts'
import { ArchiveEtag } from '../../../protocol/zip/archive-etag.ts'
import type { ZipEntry } from '../../../protocol/zip/zip-entry.ts'
import {
  centralHeader,
  endOfCentralDirectory,
  localHeader,
} from '../../../protocol/zip/zip-layout.ts'
import { type PlannedArchive, ZipPlan } from '../../../protocol/zip/zip-plan.ts'

export type Member = { readonly name: string; readonly body: Buffer; readonly modifiedMs: number }

export type BuiltArchive = PlannedArchive & {
  readonly archive: Buffer
  readonly crc32: number
  readonly etag: string
}

export function entryOf(member: Member): ZipEntry {
  const { name, body, modifiedMs } = member
  return { name, size: body.length, crc32: crc32(body), modifiedMs }
}

export function buildArchive(members: readonly Member[]): BuiltArchive {
  const plan = new ZipPlan()
  const crc = new ArchiveCrc32()
  const etag = new ArchiveEtag('windows=no')
  const data: Buffer[] = []
  const central: Buffer[] = []
  for (const member of members) {
    const entry = entryOf(member)
    const offset = plan.add(entry)
    crc.add(entry, offset)
    etag.add(entry, offset, `content of ${member.name}`)
    data.push(localHeader(entry), member.body)
    central.push(centralHeader(entry, offset))
  }
  const planned = plan.finish()
  return {
    ...planned,
    archive: Buffer.concat([...data, ...central, endOfCentralDirectory(planned)]),
    crc32: crc.finish(planned),
    etag: etag.finish(),
  }
}
