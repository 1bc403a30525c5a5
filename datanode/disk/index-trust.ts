// Whether the index that lies on the disk may be believed. Its commits are not synced, so it may only
// be after an orderly close, or when the operating system has not stopped since (then what was
// written is still in its cache). A token ties the index to this note, so that one restored from
// elsewhere does not pass; a digest of the closed index shows that nothing has changed it since.
import { isNoRoom } from '../../protocol/no-room.ts'
import type { SegmentPaths } from './segment-paths.ts'
import { errorCode, type Vfs } from './vfs.ts'

/**
 * `none`: believe nothing. `clean`: as long as it has this digest. `boot`: as long as the operating system
 * runs on; `kills` counts how often in a row it was believed without an orderly close.
 */
export type Trust =
  | { readonly is: 'none' }
  | { readonly is: 'clean'; readonly token: string; readonly digest: string }
  | {
      readonly is: 'boot'
      readonly token: string
      readonly bootId: string
      readonly kills: number
    }

const bytesMax = 256
/** If it is the index that ends the process, again and again, this puts an end to that. */
const killsMax = 8
const noteBytes = 128

/** What an index must hold to be believed. */
export type Believed = { readonly token: string; readonly kills: number }

/** `undefined`: it is not to be believed. `digest` is asked for only where it counts. */
export async function believedIndex(
  { vfs, paths }: { readonly vfs: Vfs; readonly paths: SegmentPaths },
  digest: () => Promise<string>,
): Promise<Believed | undefined> {
  const trust = decode(await readNote(vfs, paths))
  switch (trust.is) {
    case 'none':
      return undefined
    case 'clean':
      return trust.digest === (await digest()) ? { token: trust.token, kills: 0 } : undefined
    case 'boot':
      return trust.bootId === (await vfs.bootId()) && trust.kills < killsMax
        ? { token: trust.token, kills: trust.kills + 1 }
        : undefined
    default:
      return trust satisfies never
  }
}

/**
 * Durable when it resolves. On a full disk the old note is written over; where there is none, nothing is
 * believed, which costs the next start a rebuild and no more.
 */
export async function recordTrust(vfs: Vfs, paths: SegmentPaths, trust: Trust): Promise<void> {
  try {
    await replaceNote(vfs, paths, trust)
  } catch (cause) {
    if (!isNoRoom(cause)) throw cause
    await overwriteNote(vfs, paths, trust).catch(ignoreAbsent)
  }
}

/** In the block that it has. A note that is torn half-way names no token, and is not believed. */
async function overwriteNote(vfs: Vfs, paths: SegmentPaths, trust: Trust): Promise<void> {
  const file = await vfs.open(paths.trust, 'readWrite')
  try {
    await file.write([noteOf(trust)], 0)
    await file.datasync()
  } finally {
    await file.close()
  }
}

async function replaceNote(vfs: Vfs, paths: SegmentPaths, trust: Trust): Promise<void> {
  const draft = `${paths.trust}.new`
  await vfs.unlink(draft).catch(ignoreAbsent)
  const file = await vfs.open(draft, 'create')
  try {
    await file.write([noteOf(trust)], 0)
    await file.datasync()
  } finally {
    await file.close()
  }
  await vfs.rename(draft, paths.trust)
  await vfs.syncDirectory(paths.root)
}

/** All are of one length, so that each can be written over any other. */
function noteOf(trust: Trust): Buffer {
  return Buffer.from(encode(trust).padEnd(noteBytes))
}

function encode(trust: Trust): string {
  switch (trust.is) {
    case 'none':
      return 'none'
    case 'clean':
      return `clean ${trust.token} ${trust.digest}`
    case 'boot':
      return `boot ${trust.token} ${trust.bootId} ${trust.kills}`
    default:
      return trust satisfies never
  }
}

/** Notes of earlier versions lack the last word, and are not believed. */
function decode(note: string): Trust {
  const [word, token, third, kills] = note.split(' ')
  if (token === undefined || third === undefined || third === '') return { is: 'none' }
  if (word === 'clean') return { is: 'clean', token, digest: third }
  const isBoot = word === 'boot' && kills !== undefined && /^\d+$/.test(kills)
  return isBoot ? { is: 'boot', token, bootId: third, kills: Number(kills) } : { is: 'none' }
}

async function readNote(vfs: Vfs, paths: SegmentPaths): Promise<string> {
  try {
    const file = await vfs.open(paths.trust, 'read')
    try {
      const bytes = Buffer.alloc(bytesMax)
      return bytes.toString('latin1', 0, await file.read(bytes, 0))
    } finally {
      await file.close()
    }
  } catch (cause) {
    if (errorCode(cause) === 'ENOENT') return ''
    throw cause
  }
}

function ignoreAbsent(cause: unknown): void {
  if (errorCode(cause) !== 'ENOENT') throw cause
}
