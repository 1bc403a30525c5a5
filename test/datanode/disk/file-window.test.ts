// The window through which segments are scanned: right bytes from few reads, also after a read that failed.
import assert from 'node:assert'
import { FileWindow } from '../../../datanode/disk/file-window.ts'
import { describe } from '../../support/describe.ts'
import { seededBytes } from '../../support/seeded-bytes.ts'

const random = seededBytes()
const mib = 1024 * 1024

/** A file in memory that notes how much is read of it. */
class NotedFile {
  readonly bytes: Buffer
  readonly reads: number[] = []
  /** The next read fills half of what it is given, and fails. */
  failing = false

  constructor(bytes: Buffer) {
    this.bytes = bytes
  }

  async read(into: Buffer, position: number): Promise<number> {
    this.reads.push(into.length)
    const rest = this.bytes.subarray(position)
    if (!this.failing) return rest.copy(into)
    rest.copy(into, 0, 0, into.length / 2)
    throw new Error('EIO')
  }
}

describe('a window on a file', (test) => {
  test('shows the bytes of any place, fewer at the end', async () => {
    const file = new NotedFile(random.bytes(5 * mib + 321))
    const window = new FileWindow(file)
    for (let look = 0; look < 300; look += 1) {
      const offset = random.integer(file.bytes.length + 10)
      const count = 1 + random.integer(look % 10 === 0 ? 3 * mib : 5000)
      const seen = await window.bytes(offset, count)
      assert.ok(
        seen.equals(file.bytes.subarray(offset, offset + count)),
        `${count} bytes at ${offset}`,
      )
    }
  })

  test('reads a file once for many small looks forward, also after a long one', async () => {
    const file = new NotedFile(random.bytes(8 * mib))
    const window = new FileWindow(file)
    await window.bytes(0, 3 * mib)
    for (let offset = 3 * mib; offset < 8 * mib; offset += 1000) await window.bytes(offset, 76)
    assert.ok(Math.max(...file.reads.slice(1)) <= mib)
    assert.ok(file.reads.length <= 8, `${file.reads.length} reads`)
  })

  test('shows nothing of a read that has failed', async () => {
    const file = new NotedFile(random.bytes(4 * mib))
    const window = new FileWindow(file)
    await window.bytes(0, 100)
    file.failing = true
    await assert.rejects(window.bytes(2 * mib, 100), /EIO/)
    file.failing = false
    assert.ok((await window.bytes(50, 100)).equals(file.bytes.subarray(50, 150)))
  })
})
