// What the native part of LMDB says of a page that is refused stays within its buffer, as `deploy/mend-lmdb.mjs` has
// left it: else the process that meets a read-only disk in the middle of a commit may crash, then or later.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { open } from 'lmdb'
import { describe } from '../support/describe.ts'
import { SmallDisk } from '../support/small-disk.ts'

const program = fileURLToPath(new URL('../../../deploy/mend-lmdb.mjs', import.meta.url))
const diskBytes = 32 * 1024 * 1024
const before =
  'Attempting to write page at position %u, size %u, blocks %u, buffer sizes %i %i %i\0'

/** Of what npm installs, as much as matters here. */
function installAt(path: string, native: string | undefined): string {
  const lmdb = join(path, 'node_modules', 'lmdb')
  const folder = join(path, 'node_modules', '@lmdb', `lmdb-linux-${process.arch}`)
  mkdirSync(lmdb, { recursive: true })
  writeFileSync(join(lmdb, 'package.json'), '{"name":"lmdb","main":"index.js"}')
  writeFileSync(join(lmdb, 'index.js'), '')
  mkdirSync(join(path, 'deploy'))
  cpSync(program, join(path, 'deploy', 'mend-lmdb.mjs'))
  const file = join(folder, 'node.napi.glibc.node')
  if (native !== undefined) {
    mkdirSync(folder, { recursive: true })
    writeFileSync(join(folder, 'package.json'), '{}')
    writeFileSync(file, native)
  }
  return file
}

describe('a page that is refused to LMDB', (test) => {
  let root: string
  test.before(() => {
    root = mkdtempSync(join(tmpdir(), 'holdfast-mended-'))
  })
  test.after(() => rmSync(root, { recursive: true }))

  const mend = (path: string) =>
    spawnSync(process.execPath, [join(path, 'deploy', 'mend-lmdb.mjs')], { encoding: 'utf8' })

  test('is told of in fewer bytes than its buffer has, of whatever size and place', async () => {
    const disk = SmallDisk.make(diskBytes)
    if (disk === undefined) return
    try {
      const environment = open({
        path: join(disk.path, 'data.mdb'),
        encoding: 'binary',
        // As the environments of the server: its map never has to grow.
        mapSize: 2 ** 36,
      })
      for (let key = 0; key < 200; key += 1) environment.putSync(key, Buffer.alloc(9_000))
      disk.turnReadOnly()
      for (const bytes of [1, 5_000, 400_000]) {
        let told = ''
        try {
          environment.putSync('more', Buffer.alloc(bytes))
        } catch (cause) {
          told = String(cause)
        }
        assert.match(told, /: Attempting to write page at position \d+, size \d+, blocks \d+$/)
      }
      await environment.close()
    } finally {
      disk.discard()
    }
  })

  test('is told of so by what npm has installed, once it is mended, and mending it again changes nothing', () => {
    const path = join(root, 'installed')
    const file = installAt(path, `code ${before} more code`)
    for (let time = 0; time < 2; time += 1) {
      const { status, stderr } = mend(path)
      assert.equal(status, 0, stderr)
      const mended = readFileSync(file, 'utf8')
      assert.equal(mended, `code ${before.replace(', buffer', '\0 buffer')} more code`)
    }
  })

  test('is left as it is where another version says something else, or none is made for the machine', () => {
    for (const [name, native] of [
      ['another', 'code of another version'],
      ['none', undefined],
    ] as const) {
      const file = installAt(join(root, name), native)
      const { status, stderr } = mend(join(root, name))
      assert.equal(status, 0, stderr)
      if (native !== undefined) assert.equal(readFileSync(file, 'utf8'), native)
    }
  })
})
