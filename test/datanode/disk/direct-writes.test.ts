import assert from 'node:assert'
import { randomBytes, randomInt } from 'node:crypto'
import { mkdtemp, readdir, readFile, readlink, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { directAlignment, openDirect } from '../../../datanode/disk/direct-writes.ts'
import { realVfs } from '../../../datanode/disk/real-vfs.ts'
import { describe } from '../../support/describe.ts'

const mib = 1024 * 1024

/** Cut at random places, so that no piece is aligned to anything. */
function cut(bytes: Buffer): Buffer[] {
  const pieces: Buffer[] = []
  for (let at = 0; at < bytes.length; ) {
    const end = Math.min(bytes.length, at + randomInt(1, 300_000))
    pieces.push(bytes.subarray(at, end))
    at = end
  }
  return pieces
}

describe('direct writes', (test) => {
  let directory = ''
  let path = ''
  test.beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'holdfast-direct-'))
    path = join(directory, 'file')
  })
  test.afterEach(() => rm(directory, { recursive: true }))

  test('a file holds what was written, large and small, aligned and not', async () => {
    const file = await realVfs.open(path, 'create')
    const sizes = [64, 2 * mib, directAlignment - 64, mib, 1, 512 * 1024, 700_001, 3 * mib + 5, 9]
    const expected: Buffer[] = []
    let at = 0
    for (const size of sizes) {
      const bytes = randomBytes(size)
      await file.write(cut(bytes), at)
      expected.push(bytes)
      at += size
    }
    await file.datasync()
    const written = Buffer.alloc(at)
    assert.equal(await file.read(written, 0), at)
    assert.ok(written.equals(Buffer.concat(expected)))
    assert.equal(await file.size(), at)
    await file.close()
    assert.ok((await readFile(path)).equals(written))
  })

  test('what lies around a large write in its first and last page stays', async () => {
    const file = await realVfs.open(path, 'create')
    const before = Buffer.alloc(3 * mib, 1)
    const large = Buffer.alloc(mib, 2)
    await file.write([before], 0)
    await file.write([large], 1000)
    large.copy(before, 1000)
    await file.close()
    assert.ok((await readFile(path)).equals(before))
  })

  test('several files are written at once, each with its own bytes', async () => {
    const bodies = Array.from({ length: 6 }, () => randomBytes(5 * mib + randomInt(10_000)))
    await Promise.all(
      bodies.map(async (body, index) => {
        const file = await realVfs.open(join(directory, `${index}`), 'create')
        await file.write(cut(body), 0)
        await file.close()
      }),
    )
    for (const [index, body] of bodies.entries()) {
      assert.ok((await readFile(join(directory, `${index}`))).equals(body))
    }
  })

  test('a large write goes past the page cache where the file system takes it', async () => {
    const file = await realVfs.open(path, 'create')
    const direct = await openDirect(path)
    await direct?.close()
    await file.write([Buffer.alloc(1000)], 0)
    assert.deepEqual(await openFlags(path), [false])
    await file.write([Buffer.alloc(mib)], 1000)
    assert.deepEqual(await openFlags(path), direct === undefined ? [false] : [false, true])
    await file.close()
    assert.deepEqual(await openFlags(path), [])
  })

  test('a file that cannot be opened again is written all the same', async () => {
    const file = await realVfs.open(path, 'create')
    await realVfs.unlink(path)
    const bytes = randomBytes(mib)
    await file.write([bytes], 0)
    const written = Buffer.alloc(mib)
    await file.read(written, 0)
    assert.ok(written.equals(bytes))
    await file.close()
  })
})

/** Of each descriptor of this process for the file: whether it is direct. */
async function openFlags(path: string): Promise<boolean[]> {
  const flags: boolean[] = []
  for (const fd of await readdir('/proc/self/fd')) {
    const target = await readlink(`/proc/self/fd/${fd}`).catch(() => undefined)
    if (target !== path) continue
    const info = await readFile(`/proc/self/fdinfo/${fd}`, 'latin1')
    const octal = Number.parseInt(/flags:\s+(\d+)/.exec(info)?.[1] ?? '0', 8)
    flags.push((octal & 0o40000) !== 0)
  }
  return flags.sort()
}
