// Whether the index that lies on the disk may be believed. Its commits are not synced, so it may only
// be after an orderly close, or when the operating system has not stopped since (then what was
// written is still in its cache). A token ties the index to this note, so that one restored from
// elsewhere does not pass.
import { isNoRoom } from '../../protocol/no-room.ts'
import type { SegmentPaths } from './segment-paths.ts'
import { errorCode, type Vfs } from './vfs.ts'

/** `none`: believe nothing. `boot`: as long as the operating system runs on. */
export type Trust =
  | { readonly is: 'none' }
  | { readonly is: 'clean'; readonly token: string }
  | { readonly is: 'boot'; readonly token: string; readonly bootId: string }

const bytesMax = 256
const noteBytes = 128

/** The token that the index must hold to be believed. `undefined`: it is not to be believed. */
export async function trustedToken(vfs: Vfs, paths: SegmentPaths): Promise<string | undefined> {
  const [word, token, bootId] = (await readNote(vfs, paths)).split(' ')
  if (word === 'clean') return token
  if (word !== 'boot' || bootId === undefined || bootId === '') return undefined
  return bootId === (await vfs.bootId()) ? token : undefined
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
      return `clean ${trust.token}`
    case 'boot':
      return `boot ${trust.token} ${trust.bootId}`
    default:
      return trust satisfies never
  }
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
