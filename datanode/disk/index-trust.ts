// Whether the index that lies on the disk may be believed. Its commits are not synced, so it may only
// be after an orderly close, or when the operating system has not stopped since (then what was
// written is still in its cache). A token ties the index to this note, so that one restored from
// elsewhere does not pass.
import type { SegmentPaths } from './segment-paths.ts'
import { errorCode, type Vfs } from './vfs.ts'

/** `none`: believe nothing. `boot`: as long as the operating system runs on. */
export type Trust =
  | { readonly is: 'none' }
  | { readonly is: 'clean'; readonly token: string }
  | { readonly is: 'boot'; readonly token: string; readonly bootId: string }

const bytesMax = 256

/** The token that the index must hold to be believed. `undefined`: it is not to be believed. */
export async function trustedToken(vfs: Vfs, paths: SegmentPaths): Promise<string | undefined> {
  const [word, token, bootId] = (await readNote(vfs, paths)).split(' ')
  if (word === 'clean') return token
  if (word !== 'boot' || bootId === undefined || bootId === '') return undefined
  return bootId === (await vfs.bootId()) ? token : undefined
}

/** Durable when it resolves. */
export async function recordTrust(vfs: Vfs, paths: SegmentPaths, trust: Trust): Promise<void> {
  const draft = `${paths.trust}.new`
  await vfs.unlink(draft).catch(ignoreAbsent)
  const file = await vfs.open(draft, 'create')
  try {
    await file.write([Buffer.from(encode(trust))], 0)
    await file.datasync()
  } finally {
    await file.close()
  }
  await vfs.rename(draft, paths.trust)
  await vfs.syncDirectory(paths.root)
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
