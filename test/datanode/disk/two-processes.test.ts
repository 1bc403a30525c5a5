// Two processes on one data directory, as a server's primary and its workers are.
import { strict as assert } from 'node:assert'
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { DiskBlobStore } from '../../../datanode/disk/disk-blob-store.ts'
import { describe } from '../../support/describe.ts'
import { type DiskFixture, diskFixture } from '../disk-store-fixture.ts'
import { chunkOfSeed, readSeed, type WorkerAnswer, type WorkerRequest } from './worker-process.ts'

type Ask = WorkerRequest extends infer R
  ? R extends WorkerRequest
    ? Omit<R, 'number'>
    : never
  : never
type Worker = { readonly child: ChildProcess; readonly ask: (request: Ask) => Promise<string> }

describe('two processes on one data directory', (test) => {
  let fixture: DiskFixture
  let primary: DiskBlobStore
  let worker: Worker

  test.beforeEach(async () => {
    fixture = await diskFixture()
    primary = await fixture.open({ processId: 'primary', segmentBytes: 1024 * 1024 })
    worker = startWorker()
    assert.equal(await worker.ask({ ask: 'open', path: fixture.path, processId: 'w1' }), 'open')
  })
  test.afterEach(async () => {
    if (worker.child.exitCode === null && worker.child.signalCode === null) {
      worker.child.disconnect()
      await once(worker.child, 'exit')
    }
    await fixture.discard()
  })

  test('what one has acknowledged the other reads at once', async () => {
    for (let seed = 1; seed <= 150; seed += 1) {
      const chunk = chunkOfSeed(seed, 1000 + seed)
      const name = { seed, length: 1000 + seed }
      // Looking first takes a snapshot of the index, which must not be the one that counts.
      if (seed % 2 === 0) {
        assert.equal(await worker.ask({ ask: 'read', ...name }), 'absent')
        await primary.write(chunk)
        assert.equal(await worker.ask({ ask: 'read', ...name }), 'equal')
      } else {
        assert.equal(await readSeed(primary, chunk), 'absent')
        const written = worker.ask({ ask: 'write', ...name })
        // The event loop of the reader stays busy with reads meanwhile.
        while ((await Promise.race([written, readSeed(primary, chunk)])) === 'absent');
        assert.equal(await written, 'stored')
        assert.equal(await readSeed(primary, chunk), 'equal')
      }
    }
  })

  test('what one has deleted is absent for the other', async () => {
    const chunk = chunkOfSeed(7, 5000)
    const name = { seed: 7, length: 5000 }
    await primary.write(chunk)
    assert.equal(await worker.ask({ ask: 'read', ...name }), 'equal')
    assert.equal(await worker.ask({ ask: 'delete', ...name }), 'done')
    assert.equal(await readSeed(primary, chunk), 'absent')
    assert.equal((await primary.usage()).chunks, 0)
  })

  test('reads go on while the other compacts and removes the segments', async () => {
    const seeds = Array.from({ length: 60 }, (_, i) => 1000 + i)
    const length = 100_000
    for (const seed of seeds) await primary.write(chunkOfSeed(seed, length))
    const kept = seeds.filter((seed) => seed % 5 === 0)
    let compacting = true
    const reading = (async () => {
      let reads = 0
      while (compacting || reads < 50) {
        const seed = kept[reads % kept.length] ?? 0
        assert.equal(await worker.ask({ ask: 'read', seed, length }), 'equal')
        reads += 1
      }
    })()
    const doomed = seeds.filter((seed) => !kept.includes(seed))
    await primary.delete(doomed.map((seed) => chunkOfSeed(seed, length).ref))
    await primary.maintain()
    await primary.maintain()
    let freed = 0
    for (;;) {
      const { is, freedBytes } = await primary.reclaim(150_000)
      freed += freedBytes
      if (is === 'idle') break
    }
    compacting = false
    await reading
    assert(freed > 3_000_000, `only ${freed} bytes came back`)
  })

  test('a killed worker loses nothing it had acknowledged, and its segment is adopted', async () => {
    const length = 50_000
    const acknowledged: number[] = []
    await new Promise<void>((enough) => {
      for (let seed = 5000; seed < 5200; seed += 1) {
        worker.ask({ ask: 'write', seed, length }).then((answer) => {
          if (answer === 'stored') acknowledged.push(seed)
          if (acknowledged.length === 20) enough()
        }, assert.ifError)
      }
    })
    worker.child.kill('SIGKILL')
    await once(worker.child, 'exit')
    assert.deepEqual(await primary.adoptOrphanSegments(new Set(['primary'])), [])
    for (const seed of acknowledged) {
      assert.equal(await readSeed(primary, chunkOfSeed(seed, length)), 'equal')
    }
    await primary.delete(acknowledged.map((seed) => chunkOfSeed(seed, length).ref))
    while ((await primary.reclaim(10_000_000)).is === 'worked');
    await primary.close()
    const again = await fixture.open()
    assert.equal(again.recovery?.rebuilt, false)
  })
})

function startWorker(): Worker {
  const child = fork(fileURLToPath(new URL('./worker-process.js', import.meta.url)))
  const waiting = new Map<number, (answer: string) => void>()
  let number = 0
  child.on('message', (message: WorkerAnswer) => {
    waiting.get(message.number)?.(message.answer)
    waiting.delete(message.number)
  })
  return {
    child,
    ask(request) {
      number += 1
      const own = number
      return new Promise((resolve) => {
        waiting.set(own, resolve)
        // A killed child does not answer; whoever asks it then is not answered either.
        child.send({ ...request, number: own }, () => undefined)
      })
    },
  }
}
