// Several processes on one environment: what one has acknowledged, all others see at once, and a
// process that is killed holds up nobody.
import assert from 'node:assert/strict'
import { type ChildProcess, fork } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { LmdbMetadataStore } from '../../metadata/lmdb/lmdb-metadata-store.ts'
import type { Bucket } from '../../metadata/records.ts'
import { look, makeBucket, put } from '../contracts/metadata-fixture.ts'
import { describe } from '../support/describe.ts'

const program = fileURLToPath(new URL('./lmdb-acknowledging-writer.js', import.meta.url))

async function withProcesses(
  body: (parts: {
    store: LmdbMetadataStore
    bucket: Bucket
    startWriter: (commits: number, writers: number) => ChildProcess
  }) => Promise<void>,
): Promise<void> {
  const path = await mkdtemp(join(tmpdir(), 'holdfast-processes-'))
  const children: ChildProcess[] = []
  const store = await LmdbMetadataStore.open({ path, random: randomBytes, role: 'primary' })
  try {
    const bucket = await makeBucket(store, 'one')
    const startWriter = (commits: number, writers: number) => {
      const child = fork(program, [path, `${commits}`, `${writers}`])
      children.push(child)
      return child
    }
    await body({ store, bucket, startWriter })
  } finally {
    for (const child of children) {
      if (child.exitCode === null && child.signalCode === null) {
        child.kill('SIGKILL')
        await once(child, 'exit')
      }
    }
    await store.close()
    await rm(path, { recursive: true })
  }
}

/** Exit code and signal, once the last message has come: the exit itself may come before. */
async function endOf(child: ChildProcess): Promise<unknown> {
  const [exit] = await Promise.all([once(child, 'exit'), once(child, 'disconnect')])
  return exit
}

describe('lmdb: several processes', (test) => {
  test('an acknowledged commit of another process is seen by the very next read', () =>
    withProcesses(async ({ store, bucket, startWriter }) => {
      const missed: string[] = []
      const reads: Promise<void>[] = []
      const children = [startWriter(1500, 8), startWriter(1500, 8)]
      for (const child of children) {
        child.on('message', (key: string) => {
          reads.push(
            look(store, bucket, key).then((found) => {
              if (found === undefined) missed.push(key)
            }),
          )
        })
      }
      const exits = await Promise.all(children.map(endOf))
      assert.deepEqual(exits, [
        [0, null],
        [0, null],
      ])
      await Promise.all(reads)
      assert.equal(reads.length, 3000)
      assert.deepEqual(missed, [])
    }))

  test('a writer that is killed keeps what it acknowledged, and the others go on', () =>
    withProcesses(async ({ store, bucket, startWriter }) => {
      for (let round = 0; round < 3; round += 1) {
        const acknowledged: string[] = []
        const child = startWriter(1_000_000, 16)
        child.on('message', (key: string) => {
          acknowledged.push(key)
          if (acknowledged.length === 200) child.kill('SIGKILL')
        })
        await once(child, 'exit')
        await put(store, bucket, `after-${round}`)
        assert.ok(acknowledged.length >= 200)
        for (const key of acknowledged) assert.ok(await look(store, bucket, key), key)
      }
    }))
})
