// Builds small archives whole, in the way a download does: plan, headers, data, central directory, end.
import { crc32 } from '@node-rs/crc32'
import { ArchiveCrc32, ArchiveEtag } from '../../../protocol/zip/archive-sums.ts'
import type { ZipEntry } from '../../../protocol/zip/zip-entry.ts'
import { endOfCentralDirectory, entryHeaders } from '../../../protocol/zip/zip-layout.ts'
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
    const headers = entryHeaders(entry, offset)
    crc.add(entry, headers)
    etag.add(headers, `content of ${member.name}`)
    data.push(headers.local, member.body)
    central.push(headers.central)
  }
  const planned = plan.finish()
  return {
    ...planned,
    archive: Buffer.concat([...data, ...central, endOfCentralDirectory(planned)]),
    crc32: crc.finish(planned),
    etag: etag.finish(),
  }
}
