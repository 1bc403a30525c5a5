// The master key: 32 random bytes in a file of mode 0600, made at the first start. Everything else
// secret is sealed under it; losing it loses the data.
import { createSecretKey, type KeyObject } from 'node:crypto'
import { link, open, readdir, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { hkdfExpand } from '../../../protocol/chunks/hkdf.ts'
import type { RandomBytes } from '../../../protocol/chunks/new-generation.ts'

/** Derived from the bytes in the file, which are not kept. */
export type MasterKey = { readonly sealingKey: KeyObject }

/** A master key file that cannot be used; the message says what to do about it. */
export class BadMasterKeyFile extends Error {
  override readonly name = 'BadMasterKeyFile'
}

export const masterKeyBytes = 32

/**
 * Reads the master key, or makes it when there is no such file and `mayCreate`. A new file is on disk
 * (file and directory synced) before this resolves. Throws `BadMasterKeyFile`.
 */
export async function openMasterKey(
  path: string,
  options: { readonly random: RandomBytes; readonly mayCreate: boolean },
): Promise<{ readonly key: MasterKey; readonly created: boolean }> {
  const existing = await readKeyFile(path)
  if (existing !== undefined) {
    await removeLeftovers(path)
    return { key: masterKeyFrom(existing), created: false }
  }
  if (!options.mayCreate) {
    throw new BadMasterKeyFile(
      `The master key file ${path} is missing, and there is data sealed under it: put the file back.`,
    )
  }
  const fresh = options.random(masterKeyBytes)
  const aside = `${path}.${options.random(8).toString('hex')}.new`
  if (await createKeyFile({ path, aside }, fresh))
    return { key: masterKeyFrom(fresh), created: true }
  const others = await readKeyFile(path)
  if (others === undefined) throw new BadMasterKeyFile(`The master key file ${path} vanished.`)
  return { key: masterKeyFrom(others), created: false }
}

/** Reads the master key, and makes nothing. Throws `BadMasterKeyFile`. */
export async function readMasterKey(path: string): Promise<MasterKey> {
  const bytes = await readKeyFile(path)
  if (bytes === undefined) throw new BadMasterKeyFile(`The master key file ${path} is missing.`)
  return masterKeyFrom(bytes)
}

export function masterKeyFrom(bytes: Buffer): MasterKey {
  const label = 'holdfast master 1 sealing'
  return { sealingKey: createSecretKey(hkdfExpand(createSecretKey(bytes), label)) }
}

async function readKeyFile(path: string): Promise<Buffer | undefined> {
  const file = await openIfThere(path)
  if (file === undefined) return undefined
  try {
    const { mode, size } = await file.stat()
    if ((mode & 0o077) !== 0) {
      const shown = (mode & 0o777).toString(8).padStart(4, '0')
      throw new BadMasterKeyFile(
        `The master key file ${path} can be read or written by others (mode ${shown}): run chmod 600 on it.`,
      )
    }
    if (size !== masterKeyBytes) {
      throw new BadMasterKeyFile(
        `The master key file ${path} has ${size} bytes instead of ${masterKeyBytes}: restore it from a copy.`,
      )
    }
    return await file.readFile()
  } finally {
    await file.close()
  }
}

/** A start that was killed while it made the file has left the key under another name as well. */
async function removeLeftovers(path: string): Promise<void> {
  const prefix = `${basename(path)}.`
  let names: readonly string[]
  try {
    names = await readdir(dirname(path))
  } catch {
    // The key may lie where we may read it and not look around: then we made nothing there.
    return
  }
  for (const name of names) {
    if (!name.startsWith(prefix) || !/^[0-9a-f]{16}\.new$/.test(name.slice(prefix.length))) continue
    await rm(join(dirname(path), name), { force: true })
  }
}

async function openIfThere(path: string) {
  try {
    return await open(path, 'r')
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return undefined
    throw new BadMasterKeyFile(`The master key file ${path} cannot be opened.`, { cause })
  }
}

/**
 * Written aside and linked into place, so that a crash leaves no short file and of two processes
 * starting at once one wins. False: the other did.
 */
async function createKeyFile(
  { path, aside }: { readonly path: string; readonly aside: string },
  bytes: Buffer,
): Promise<boolean> {
  const file = await open(aside, 'wx', 0o600)
  try {
    await file.writeFile(bytes)
    await file.sync()
    await link(aside, path)
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'EEXIST') return false
    throw cause
  } finally {
    await file.close()
    // Gone already when another start has found the key and cleared up.
    await rm(aside, { force: true })
  }
  const directory = await open(dirname(path), 'r')
  try {
    await directory.sync()
  } finally {
    await directory.close()
  }
  return true
}
