// @ts-check
// Mends lmdb 3.5.6 as npm has installed it: `node deploy/mend-lmdb.mjs`. When a page is refused, its native part
// prints a message of up to 134 bytes into a buffer of 100, and the process crashes, then or later. The message is made
// to end before its last part, which tells of numbers that were never set: what is left is 84 bytes at most.
import { existsSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

const kept = 'Attempting to write page at position %u, size %u, blocks %u'
const dropped = ', buffer sizes %i %i %i'

const ofLmdb = createRequire(createRequire(import.meta.url).resolve('lmdb'))

/** Of macOS the signature of a library would not fit any more, and of Windows the code is another one. */
if (process.platform === 'linux') {
  for (const path of nativeParts()) mend(path)
}

/** The package that npm chose for this machine, and what was compiled here instead. */
function nativeParts() {
  const folders = [join(dirname(ofLmdb.resolve('lmdb')), '..', 'build', 'Release')]
  try {
    folders.push(dirname(ofLmdb.resolve(`@lmdb/lmdb-linux-${process.arch}/package.json`)))
  } catch {
    // None is made for it.
  }
  return folders
    .filter((folder) => existsSync(folder))
    .flatMap((folder) => readdirSync(folder).map((name) => join(folder, name)))
    .filter((path) => path.endsWith('.node'))
}

/** @param {string} path */
function mend(path) {
  const bytes = readFileSync(path)
  const at = bytes.indexOf(`${kept}${dropped}\0`, 'latin1')
  if (at === -1) return
  bytes[at + kept.length] = 0
  // Beside it and in its place: the file may be open, or be the same as that of another installation.
  const beside = `${path}.mended`
  writeFileSync(beside, bytes, { mode: statSync(path).mode })
  renameSync(beside, path)
}
