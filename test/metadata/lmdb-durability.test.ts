// A commit is acknowledged only after it is on disk: seen from outside, in the order of the system
// calls, since killing a process does not test it (the page cache survives that).
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { LmdbMetadataStore } from '../../metadata/lmdb/lmdb-metadata-store.ts'
import { makeBucket } from '../contracts/metadata-fixture.ts'
import { describe } from '../support/describe.ts'
import { traceSystemCalls } from '../support/strace.ts'

const writer = fileURLToPath(new URL('./lmdb-acknowledging-writer.js', import.meta.url))
const commits = 50
const writes = ['write', 'pwrite64', 'writev', 'pwritev', 'pwritev2']
const syncs = ['fdatasync', 'fsync']

type Acknowledged = { readonly count: number; readonly tooEarly: readonly string[] }

/** Reads a trace: at each acknowledgement, is everything written to the database synced? */
function judge(lines: readonly string[]): Acknowledged {
  const writtenThrough = new Set<string>()
  /** Writes so far; those that a finished sync covers; commits (writes of the meta page) finished. */
  const seen = { writes: 0, synced: 0, commits: 0, commitsAtLastAck: 0 }
  const running = new Map<string, { call: string; fd: string; writesBefore: number }>()
  const tooEarly: string[] = []
  let count = 0
  for (const line of lines) {
    const opened = /openat\(.*data\.mdb".*O_DSYNC.*= (\d+)/.exec(line)
    if (opened?.[1]) writtenThrough.add(opened[1])
    const [, pid = '', resumed, call = ''] = /^(\d+) +(<\.\.\. )?(\w+)/.exec(line) ?? []
    if (line.includes('"acknowledged ')) {
      count += 1
      const isOnDisk = seen.writes === seen.synced && seen.commits > seen.commitsAtLastAck
      if (!isOnDisk) tooEarly.push(line)
      seen.commitsAtLastAck = seen.commits
      continue
    }
    const fd = /^\d+ +\w+\((\d+)<[^>]*data\.mdb>/.exec(line)?.[1]
    if (fd !== undefined) {
      const isPlainWrite = writes.includes(call) && !writtenThrough.has(fd)
      running.set(pid, { call, fd, writesBefore: seen.writes })
      if (isPlainWrite) seen.writes += 1
    }
    const started = running.get(pid)
    const isFinished = !line.includes('<unfinished') && (fd !== undefined || resumed !== undefined)
    if (started === undefined || !isFinished || started.call !== call) continue
    running.delete(pid)
    if (syncs.includes(call)) seen.synced = Math.max(seen.synced, started.writesBefore)
    if (writtenThrough.has(started.fd)) seen.commits += 1
  }
  return { count, tooEarly }
}

describe('lmdb: durability', (test) => {
  test('every acknowledgement comes after the data is synced and the commit is written through', async () => {
    const path = await mkdtemp(join(tmpdir(), 'holdfast-durable-'))
    try {
      const store = await LmdbMetadataStore.open({ path, random: randomBytes, role: 'primary' })
      await makeBucket(store, 'one')
      await store.close()
      const lines = traceSystemCalls({
        program: [writer, path, `${commits}`, '1'],
        calls: [...writes, ...syncs, 'msync', 'openat'],
        logPath: join(path, 'trace'),
      })
      if (lines === undefined) return
      const { count, tooEarly } = judge(lines)
      assert.equal(count, commits)
      assert.deepEqual(tooEarly, [])
    } finally {
      await rm(path, { recursive: true })
    }
  })

  test('the judge sees an acknowledgement that comes too early', () => {
    const file = '</data.mdb>'
    const open = '1 openat(AT_FDCWD, "/data.mdb", O_WRONLY|O_DSYNC) = 20'
    const data = `2 pwrite64(19${file}, "", 8, 0) = 8`
    const sync = `2 fdatasync(19${file}) = 0`
    const meta = `2 pwrite64(20${file}, "", 8, 0) = 8`
    const ack = '1 write(1<pipe>, "acknowledged k\\n", 15) = 15'
    const early = (...lines: string[]) => judge([open, ...lines]).tooEarly.length
    assert.equal(early(data, sync, meta, ack), 0)
    assert.equal(early(data, meta, ack, sync), 1)
    assert.equal(early(data, sync, ack, meta), 1)
    assert.equal(early(data, sync, meta, ack, ack), 1)
    const begun = `2 fdatasync(19${file} <unfinished ...>`
    const ended = '2 <... fdatasync resumed>) = 0'
    assert.equal(early(data, begun, ended, meta, ack), 0)
    assert.equal(early(data, begun, ack, ended, meta), 1)
    const other = `3 pwrite64(19${file}, "", 8, 0) = 8`
    assert.equal(early(data, begun, other, ended, meta, ack), 1)
  })
})
