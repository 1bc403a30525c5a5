// Trees of files with names and sizes that sync programs meet in the wild, made from a seed.
import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { SeededBytes } from '../support/seeded-bytes.ts'

const oddNames = [
  'with space.txt',
  ' leading',
  'ümlaut-日本語-🎉.txt',
  'plus+percent%25.txt',
  'amp&lt<gt>.xml',
  'quote\'double".txt',
  'hash#question?.txt',
  'brackets[1]{2}.txt',
  'back\\slash',
  'dots..txt',
  '.hidden',
  'colon:semi;comma,equals=at@tilde~',
  'n'.repeat(200),
]

/**
 * Listings tell times by the second: a file that is uploaded in the second it was written in looks newer
 * than its copy, and would be sent again.
 */
const ageSeconds = 60

/** Writes `count` files below `folder`, of 0 bytes to some 200 KB, and one of each odd name. */
export function writeTree(folder: string, random: SeededBytes, count: number): void {
  for (const name of oddNames) write(folder, join('odd names', name), random.bytes(100))
  for (let number = oddNames.length; number < count; number += 1) {
    const depth = random.integer(4)
    const folders = Array.from({ length: depth }, () => `folder ${random.integer(9)}`)
    const bytes = number % 50 === 0 ? random.integer(200_000) : random.integer(3_000)
    write(folder, join(...folders, `file-${number}.bin`), random.bytes(bytes))
  }
}

function write(folder: string, name: string, body: Buffer): void {
  mkdirSync(dirname(join(folder, name)), { recursive: true })
  const path = join(folder, name)
  writeFileSync(path, body)
  const written = Date.now() / 1000 - ageSeconds
  utimesSync(path, written, written)
}

/** Every file's path below the folder with the SHA-256 of its content, sorted: for comparisons. */
export function fingerprintOf(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .map((path) => `${path.slice(folder.length)} ${sha256(readFileSync(path))}`)
    .sort()
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex')
}
