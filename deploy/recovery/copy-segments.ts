// Copies segment files from one chunk store to another directory. Segments only ever grow at their end,
// and no more once they are sealed: so a copy of the beginning of one is a segment, too, and a sealed one
// that is there already need not be copied again.
import { type FileHandle, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { parseSegmentFileName, trailerBytes } from '../../datanode/disk/segment-format.ts'
import { syncDirectory } from '../stores/write-durably.ts'

const pieceBytes = 4 * 1024 * 1024
const trailerMagic = 'HFT1'
const asideSuffix = '.aside'

export type CopiedSegments = { readonly files: readonly string[]; readonly bytes: number }

/**
 * Copies what `to` lacks, segments that were put aside among it. Durable when it resolves. Files that vanish
 * meanwhile are left out.
 */
export async function copySegments(from: string, to: string): Promise<CopiedSegments> {
  await mkdir(to, { recursive: true, mode: 0o700 })
  const files: string[] = []
  let bytes = 0
  const memory = Buffer.allocUnsafeSlow(pieceBytes)
  const aside = (await asideNames(from)).map((file) => ({ file, name: nameOfAside(file) }))
  const plain = (await segmentNames(from)).map((name) => ({ file: name, name }))
  for (const { file, name } of [...plain, ...aside]) {
    const copied = await copySegment({ from: join(from, file), to: join(to, name), memory })
    if (copied === undefined) continue
    files.push(name)
    bytes += copied
  }
  syncDirectory(to)
  return { files, bytes }
}

/** Copies of segments that are gone from `from` get another name; answers how many. */
export async function putOthersAside(from: string, to: string): Promise<number> {
  const kept = new Set(await segmentNames(from))
  const others = (await segmentNames(to)).filter((name) => !kept.has(name))
  for (const name of others) await rename(join(to, name), join(to, `${name}${asideSuffix}`))
  syncDirectory(to)
  return others.length
}

export async function bringBackOthers(to: string): Promise<void> {
  for (const name of await asideNames(to)) {
    await rename(join(to, name), join(to, nameOfAside(name)))
  }
}

export async function removeAside(to: string): Promise<void> {
  for (const name of await asideNames(to)) await rm(join(to, name))
  syncDirectory(to)
}

/** The name of the segment that it was. */
export function nameOfAside(name: string): string {
  return name.slice(0, -asideSuffix.length)
}

export async function asideNames(directory: string): Promise<readonly string[]> {
  try {
    return (await readdir(directory)).filter((name) => name.endsWith(asideSuffix))
  } catch (cause) {
    if (isAbsent(cause)) return []
    throw cause
  }
}

export async function segmentNames(directory: string): Promise<readonly string[]> {
  try {
    const names = await readdir(directory)
    return names.filter((name) => parseSegmentFileName(name) !== undefined)
  } catch (cause) {
    if (isAbsent(cause)) return []
    throw cause
  }
}

type Copy = { readonly from: string; readonly to: string; readonly memory: Buffer }

/** Answers the bytes copied; `undefined`: it was there, or is gone. */
async function copySegment({ from, to, memory }: Copy): Promise<number | undefined> {
  let source: FileHandle
  try {
    source = await open(from, 'r')
  } catch (cause) {
    if (isAbsent(cause)) return undefined
    throw cause
  }
  try {
    const { size } = await source.stat()
    if (await isSealed(to)) return undefined
    const target = await open(`${to}.part`, 'w', 0o600)
    try {
      for (let at = 0; at < size; ) {
        const { bytesRead } = await source.read(memory, 0, Math.min(memory.length, size - at), at)
        // Cut while it was read: it was not yet sealed, and nothing acknowledged was past its end.
        if (bytesRead === 0) break
        await target.writev([memory.subarray(0, bytesRead)], at)
        at += bytesRead
      }
      await target.datasync()
    } finally {
      await target.close()
    }
    await rename(`${to}.part`, to)
    return size
  } finally {
    await source.close()
  }
}

/** A sealed segment never changes: a source that differs from its copy was damaged since. */
async function isSealed(to: string): Promise<boolean> {
  const there = await stat(to).catch(() => undefined)
  if (there === undefined || there.size < trailerBytes) return false
  const target = await open(to, 'r')
  try {
    const trailer = Buffer.alloc(trailerBytes)
    await target.read(trailer, 0, trailerBytes, there.size - trailerBytes)
    return trailer.toString('latin1', 0, 4) === trailerMagic
  } finally {
    await target.close()
  }
}

function isAbsent(cause: unknown): boolean {
  return cause instanceof Error && 'code' in cause && cause.code === 'ENOENT'
}
