// Before the index is built anew: sees to it that each file under a segment's name is that segment, with a
// header that says so. A damaged header is written anew, a file under another segment's name gets its own
// back, what was set aside earlier and can be read comes back, and what is no segment is set aside. No
// file is removed in which a record may have been.
import { join } from 'node:path'
import type { Findings, RecoverOptions } from './recovery-report.ts'
import {
  parseSegmentFileName,
  parseSegmentId,
  type SegmentId,
  segmentFileName,
  segmentHeaderBytes,
} from './segment-format.ts'
import {
  type FoundHeader,
  findSegmentHeader,
  mendSegmentHeader,
  readSegmentHeader,
} from './segment-header.ts'
import type { Vfs } from './vfs.ts'

/** Ends the name of what was set aside. An operator removes it: `docs/recovery.md`. */
export const asideSuffix = '.bad'
/** Of what was set aside: the number that the name before the suffix begins with. */
const segmentNameLength = segmentFileName(parseSegmentId(0)).length

type Settling = Pick<RecoverOptions, 'vfs' | 'paths' | 'randomBytes'> & {
  readonly findings: Findings
}

/** The segments that are there afterwards, all of them files with a header. */
export async function settleSegments(settling: Settling): Promise<readonly SegmentId[]> {
  const { vfs, paths } = settling
  const names = (await vfs.list(paths.segments)).sort()
  const taken = new Set(names)
  for (const name of await namesTooMany(settling, names)) {
    await setAside(settling, { name, taken, what: 'is another name of a segment' })
  }
  // Before anything else may take their names.
  for (const name of names) {
    if (name.endsWith(asideSuffix)) await bringBack(settling, { name, taken })
  }
  for (const name of names) {
    const id = parseSegmentFileName(name)
    if (id !== undefined && taken.has(name)) await settleOne(settling, { id, taken })
  }
  await vfs.syncDirectory(paths.segments)
  return [...taken].flatMap((name) => parseSegmentFileName(name) ?? [])
}

/** `taken`: the names in the directory, kept up to date. */
type Names = { readonly taken: Set<string> }

async function settleOne(settling: Settling, { id, taken }: Names & { id: SegmentId }) {
  const { vfs, paths, findings } = settling
  const name = segmentFileName(id)
  const path = paths.file(id)
  const found = await lookAtSegment(vfs, { path, id })
  switch (found.is) {
    case 'intact':
    // The disk may give it another time, and takes no other one there now.
    case 'unreadable':
      return
    case 'unfinished':
      await vfs.unlink(path)
      taken.delete(name)
      return
    case 'noSegment':
      return setAside(settling, { name, taken, what: 'is no segment that can be read' })
    case 'misnamed': {
      const ownName = segmentFileName(found.ownId)
      if (taken.has(ownName)) return mendAndTell(settling, { path, found })
      await vfs.rename(path, paths.file(found.ownId))
      taken.delete(name)
      taken.add(ownName)
      findings.problems.push({ file: path, what: `was segment ${ownName}; it has its name again` })
      return
    }
    case 'damaged':
      return mendAndTell(settling, { path, found })
    default:
      return found satisfies never
  }
}

/**
 * All but one of the names that lead to one and the same file: as two segments, what moves out of one and
 * is removed there would be gone from the other.
 */
async function namesTooMany({ vfs, paths }: Settling, names: readonly string[]) {
  const byFile = new Map<string, { readonly name: string; readonly isLink: boolean }[]>()
  for (const name of names) {
    if (parseSegmentFileName(name) === undefined) continue
    const identity = await vfs.identify(join(paths.segments, name))
    if (identity === undefined) continue
    const { file, isLink } = identity
    byFile.set(file, [...(byFile.get(file) ?? []), { name, isLink }])
  }
  const tooMany: string[] = []
  for (const same of byFile.values()) {
    if (same.length === 1) continue
    const ownName = await nameInHeader(vfs, join(paths.segments, same[0]?.name ?? ''))
    const files = same.filter(({ isLink }) => !isLink)
    const able = files.length > 0 ? files : same
    const kept = able.find(({ name }) => name === ownName) ?? able[0]
    tooMany.push(...same.filter((one) => one !== kept).map(({ name }) => name))
  }
  return tooMany
}

async function nameInHeader(vfs: Vfs, path: string): Promise<string | undefined> {
  const file = await vfs.open(path, 'read')
  const header = await readSegmentHeader(file).finally(() => file.close())
  return header && segmentFileName(header.id)
}

async function setAside(
  { vfs, paths, findings }: Settling,
  { name, taken, what }: Names & { readonly name: string; readonly what: string },
): Promise<void> {
  const aside = freeName(taken, name)
  await vfs.rename(join(paths.segments, name), join(paths.segments, aside))
  taken.delete(name)
  taken.add(aside)
  const file = join(paths.segments, name)
  findings.problems.push({ file, what: `${what}; it was set aside as ${aside}` })
}

/** What an earlier version gave up for its header, or somebody has put right since. */
async function bringBack(settling: Settling, { name, taken }: Names & { name: string }) {
  const { vfs, paths, findings } = settling
  const path = join(paths.segments, name)
  const id = parseSegmentFileName(name.slice(0, segmentNameLength))
  if (id === undefined) return
  const found = await lookAtSegment(vfs, { path, id })
  if (found.is === 'unfinished' || found.is === 'noSegment') return
  if (await isNamedTwice(settling, path)) return
  const ownId = found.is === 'misnamed' ? found.ownId : id
  const isFree = !taken.has(segmentFileName(ownId))
  const newId = isFree ? ownId : parseSegmentId(settling.randomBytes(6).readUIntLE(0, 6))
  const newName = segmentFileName(newId)
  await vfs.rename(path, paths.file(newId))
  taken.delete(name)
  taken.add(newName)
  findings.problems.push({ file: path, what: `can be read; it is segment ${newName} again` })
  if (found.is === 'damaged' || !isFree) {
    await mendSegmentHeader(vfs, paths.file(newId), { ...found.header, id: newId })
  }
}

/** True when one of the segments is the very same file. */
async function isNamedTwice(
  { vfs, paths }: Pick<RecoverOptions, 'vfs' | 'paths'>,
  path: string,
): Promise<boolean> {
  const own = await vfs.identify(path)
  for (const name of await vfs.list(paths.segments)) {
    if (parseSegmentFileName(name) === undefined) continue
    const other = await vfs.identify(join(paths.segments, name))
    if (other !== undefined && other.file === own?.file) return true
  }
  return false
}

/** True when something that was set aside can be read. */
export async function holdsReadableAside({
  vfs,
  paths,
}: Pick<RecoverOptions, 'vfs' | 'paths'>): Promise<boolean> {
  const names = await vfs.list(paths.segments)
  for (const name of names.filter((each) => each.endsWith(asideSuffix))) {
    const id = parseSegmentFileName(name.slice(0, segmentNameLength))
    if (id === undefined) continue
    const path = join(paths.segments, name)
    const { is } = await lookAtSegment(vfs, { path, id })
    const isReadable = is !== 'unfinished' && is !== 'noSegment'
    if (isReadable && !(await isNamedTwice({ vfs, paths }, path))) return true
  }
  return false
}

type Looked =
  | FoundHeader
  /** A file is given its records only after its header is durable: this one never held any. */
  | { readonly is: 'unfinished' }
  | { readonly is: 'noSegment' }

async function lookAtSegment(
  vfs: Vfs,
  { path, id }: { readonly path: string; readonly id: SegmentId },
): Promise<Looked> {
  if ((await vfs.identify(path)) === undefined) return { is: 'noSegment' }
  const file = await vfs.open(path, 'read')
  try {
    const found = await findSegmentHeader(file, id)
    if (found !== undefined) return found
    const start = Buffer.alloc(segmentHeaderBytes)
    await file.read(start, 0)
    const isUnfinished =
      (await file.size()) <= segmentHeaderBytes && start.every((byte) => byte === 0)
    return { is: isUnfinished ? 'unfinished' : 'noSegment' }
  } finally {
    await file.close()
  }
}

/** Never over anything that was set aside before. */
function freeName(taken: ReadonlySet<string>, name: string): string {
  for (let number = 1; ; number += 1) {
    const free = `${name}${number === 1 ? '' : `.${number}`}${asideSuffix}`
    if (!taken.has(free)) return free
  }
}

type Mending = {
  readonly path: string
  readonly found: Exclude<FoundHeader, { readonly is: 'intact' | 'unreadable' }>
}

/** Writes the header that records and name say, and tells. */
export async function mendAndTell(
  { vfs, findings }: Pick<Settling, 'vfs' | 'findings'>,
  { path, found }: Mending,
) {
  const isMended = await mendSegmentHeader(vfs, path, found.header)
  const then = isMended ? 'a new one was written' : 'a new one could not be written'
  const what =
    found.is === 'damaged'
      ? `had a damaged header; its records are read without it, and ${then}`
      : `is a copy of segment ${segmentFileName(found.ownId)}; it is kept beside it`
  findings.problems.push({ file: path, what })
}
