// Archives of this layout, given to the programs that people open archives with; those that are not
// installed are left out, and said so. The golden digests pin every byte, whatever is installed.
import assert from 'node:assert'
import { execFileSync, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  closeSync,
  ftruncateSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { crc32 } from '@node-rs/crc32'
import { combineCrc32 } from '../../../protocol/s3/checksums/crc-combine.ts'
import {
  centralHeader,
  endOfCentralDirectory,
  localHeader,
} from '../../../protocol/zip/zip-layout.ts'
import { ZipPlan } from '../../../protocol/zip/zip-plan.ts'
import { describe } from '../../support/describe.ts'
import { seededBytes } from '../../support/seeded-bytes.ts'
import { buildArchive, type Member } from './build-archive.ts'
import { manyHostileKeys } from './hostile-keys.ts'
import { nameAll } from './name-all.ts'

const modifiedMs = Date.UTC(2026, 10, 21, 8, 5, 43)
const directory = mkdtempSync(join(tmpdir(), 'holdfast-zip-'))
process.on('exit', () => rmSync(directory, { recursive: true }))
const isInstalled = (command: string) => spawnSync(command, ['--help']).error === undefined
const member = (name: string, text = ''): Member => ({ name, body: Buffer.from(text), modifiedMs })

/** Python raises, and so exits with 1, for a header that disagrees or a wrong CRC. */
const pythonTest =
  'import sys, zipfile; z = zipfile.ZipFile(sys.argv[1]); sys.exit(z.testzip() is not None)'
const testers: readonly (readonly [command: string, ...before: string[]])[] = [
  ['python3', '-c', pythonTest],
  ['unzip', '-tq'],
  ['7z', 't'],
  ['bsdtar', '-tf'],
  ['zip', '-T'],
]
/** Those that do not take seconds for 65,536 entries. */
const fast = new Set(['python3', 'unzip'])
const installed = testers.filter(([command]) => isInstalled(command))
console.log(`tested with ${installed.map(([command]) => command).join(', ') || 'no archiver'}`)

function write(name: string, bytes: Buffer): string {
  const path = join(directory, name)
  writeFileSync(path, bytes)
  return path
}

const small = [
  member('Ünï/'),
  member('Ünï/cödé 😀.txt', 'text'),
  member('a/', ''),
  member('a/b', 'b'.repeat(1000)),
  member('empty'),
  { ...member('early', '1'), modifiedMs: 0 },
  { ...member('late', '2'), modifiedMs: Date.UTC(2100, 0, 1) },
]
const many = (count: number) =>
  Array.from({ length: count }, (_, at) => member(`f/${String(at).padStart(6, '0')}`))

const archives: Readonly<Record<string, { members: readonly Member[]; sha256: string }>> = {
  empty: {
    members: [],
    sha256: '8739c76e681f900923b900c9df0ef75cf421d39cabb54650c4b9ad19b6a76d85',
  },
  small: {
    members: small,
    sha256: '3a908f947f3f4f95529b2204386b5322f06ad58274d905d1827ca7ee547b87ef',
  },
  'of 65,534 entries': {
    members: many(65_534),
    sha256: 'b4cebbb7c9e26f0a1dbaac137ca22361a00f19201d2311b53ec6506c993b1667',
  },
  'of 65,535 entries': {
    members: many(65_535),
    sha256: '66aafe8b5f2ac479b0eb0e7578b07dc04e3b85928e90eff8aa3f7361f25afd9b',
  },
  'of 65,536 entries': {
    members: many(65_536),
    sha256: 'dcfd9c59d6095ff4743cd50f0abb68473ade9544b0269e105fbda3eb41e33693',
  },
}

describe('an archive', (test) => {
  for (const [what, { members, sha256 }] of Object.entries(archives)) {
    const bytes = buildArchive(members).archive

    test(`${what} comes out the same everywhere`, () => {
      assert.equal(createHash('sha256').update(bytes).digest('hex'), sha256)
    })

    for (const [command, ...before] of installed) {
      // Info-ZIP calls an archive without entries an error.
      if (members.length === 0 && (command === 'unzip' || command === 'zip')) continue
      if (members.length > 1000 && !fast.has(command)) continue
      test(`${what} is sound for ${command}`, () => {
        const path = write('archive.zip', bytes)
        execFileSync(command, [...before, path], { stdio: ['ignore', 'ignore', 'inherit'] })
      })
    }
  }

  test('keeps names, times and kinds of entries', () => {
    if (!isInstalled('unzip')) return
    const target = join(directory, 'out')
    const path = write('small.zip', buildArchive(small).archive)
    execFileSync('unzip', ['-q', path, '-d', target], { env: { ...process.env, TZ: 'Asia/Tokyo' } })
    assert.equal(readFileSync(join(target, 'Ünï', 'cödé 😀.txt'), 'utf8'), 'text')
    assert.equal(statSync(join(target, 'a', 'b')).mtimeMs, modifiedMs)
    assert.equal(statSync(join(target, 'a', 'b')).mode & 0o777, 0o644)
    assert.ok(statSync(join(target, 'Ünï')).isDirectory())
  })

  test('of hostile keys is extracted file by file, all inside the target', () => {
    if (!isInstalled('unzip')) return
    const keys = manyHostileKeys(seededBytes(), 5000)
    const named = nameAll(keys, { windows: false, isFolder: () => true })
    // Paths that Linux cannot hold are no fault of the names.
    const held = named.filter(({ name }) => Buffer.byteLength(name) < 3000)
    const path = write(
      'hostile.zip',
      buildArchive(held.map(({ key, name, isDirectory }) => member(name, isDirectory ? '' : key)))
        .archive,
    )
    const target = join(directory, 'hostile')
    execFileSync('unzip', ['-q', path, '-d', target], { stdio: 'ignore' })
    const files = readdirSync(target, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => relative(target, join(entry.parentPath, entry.name)))
    const expected = new Map(
      held.filter((each) => !each.isDirectory).map(({ name, key }) => [name, key]),
    )
    assert.equal(files.length, expected.size)
    for (const file of files) {
      assert.equal(readFileSync(join(target, file), 'utf8'), expected.get(file), file)
    }
  })
})

describe('an archive of more than 4 GiB', (test) => {
  test('is read by Python, across the entry that is too large for the old fields', () => {
    if (!isInstalled('python3')) return
    const zeros = 2 ** 32 + 5
    const block = Buffer.alloc(2 ** 20)
    let zerosCrc = 0
    for (let at = 0; at < 2 ** 12; at += 1) zerosCrc = combineCrc32(zerosCrc, crc32(block), 2 ** 20)
    zerosCrc = combineCrc32(zerosCrc, crc32(Buffer.alloc(5)), 5)
    const text = Buffer.from('behind 4 GiB')
    const entries = [
      { name: 'large', size: zeros, crc32: zerosCrc, modifiedMs },
      { name: 'small', size: text.length, crc32: crc32(text), modifiedMs },
    ]
    const plan = new ZipPlan()
    const offsets = entries.map((entry) => plan.add(entry))
    const planned = plan.finish()
    const path = join(directory, 'large.zip')
    const file = openSync(path, 'w')
    for (const [at, entry] of entries.entries()) {
      writeSync(file, localHeader(entry), 0, undefined, offsets[at] ?? 0)
    }
    writeSync(file, text, 0, undefined, planned.offset - text.length)
    const tail = entries.map((entry, at) => centralHeader(entry, offsets[at] ?? 0))
    const end = Buffer.concat([...tail, endOfCentralDirectory(planned)])
    writeSync(file, end, 0, undefined, planned.offset)
    ftruncateSync(file, planned.totalBytes)
    closeSync(file)
    const script = `
import sys, zipfile
z = zipfile.ZipFile(sys.argv[1])
large, small = z.infolist()
assert large.file_size == large.compress_size == ${zeros}, large
assert small.header_offset == ${offsets[1]}, small
assert z.read(small) == b'behind 4 GiB'
assert z.open(large).read(10) == bytes(10)
`
    execFileSync('python3', ['-c', script, path], { stdio: ['ignore', 'ignore', 'inherit'] })
  })
})
