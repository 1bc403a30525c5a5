// A data node is killed under load and started again: what was acknowledged reads back, what was deleted is gone, and
// meanwhile it is unavailable, never absent.
import { strict as assert } from 'node:assert'
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { RemoteBlobStore } from '../../../datanode/remote/remote-blob-store.ts'
import { SeededRandom } from '../../simulation/datanode-random.ts'
import { describe } from '../../support/describe.ts'
import { freePort } from '../../support/free-port.ts'
import { type TestChunk, testChunk, wholeOf } from '../sealed-chunk-fixture.ts'
import { secretOf } from '../served-node.ts'

const program = fileURLToPath(new URL('../serving-node.js', import.meta.url))
const secretText = 'a secret that a killed node has too, long'
const seed = Date.now() % 2 ** 31
console.log(`killed node: seed ${seed}`)
const kills = 4
const segmentBytes = 4 * 1024 * 1024
const clients = 12

async function serve(path: string, port: number): Promise<ChildProcess> {
  const child = fork(program, [path, `${port}`, secretText, `${segmentBytes}`])
  const [message] = await once(child, 'message')
  assert.equal(message, port)
  return child
}

async function kill(child: ChildProcess): Promise<void> {
  const exited = once(child, 'exit')
  child.kill('SIGKILL')
  await exited
}

/** What its client was told of each chunk, and of the calls that were not answered. */
class Load {
  readonly stored = new Set<TestChunk>()
  readonly deleted = new Set<TestChunk>()
  unavailable = 0
  isOver = false
  readonly #store: RemoteBlobStore
  readonly #random: SeededRandom

  constructor(store: RemoteBlobStore, random: SeededRandom) {
    this.#store = store
    this.#random = random
  }

  async run(): Promise<void> {
    const random = this.#random
    while (!this.isOver) {
      const chunk = testChunk(random, 1 + random.below(random.oneIn(5) ? 2_000_000 : 50_000))
      const written = await this.#store.write(chunk)
      if (written.is !== 'stored') {
        assert.equal(written.is, 'unavailable')
        this.unavailable += 1
        continue
      }
      await this.#readBack(chunk)
      if (random.oneIn(4)) await this.#delete(chunk)
      else this.stored.add(chunk)
      const [some] = this.stored
      if (some !== undefined) await this.#readBack(some)
    }
  }

  async #readBack(chunk: TestChunk): Promise<void> {
    const read = await this.#store.read(chunk.ref, wholeOf(chunk))
    if (read.is === 'unavailable') this.unavailable += 1
    else assert(read.is === 'found' && read.frames.equals(chunk.frames), `it was ${read.is}`)
    const [state] = await this.#store.hasMany([chunk.ref])
    assert(state === 'good' || state === 'unavailable', `it was ${state}`)
  }

  async #delete(chunk: TestChunk): Promise<void> {
    const { is } = await this.#store.delete([chunk.ref])
    if (is === 'deleted') this.deleted.add(chunk)
    else this.unavailable += 1
  }
}

describe('a data node that is killed under load', (test) => {
  test('has all that it has acknowledged when it is back, and was unavailable meanwhile', async () => {
    const random = new SeededRandom(seed)
    const path = await mkdtemp(join(tmpdir(), 'holdfast-killed-'))
    const port = await freePort()
    let child = await serve(path, port)
    const store = await RemoteBlobStore.open({
      endpoint: new URL(`http://127.0.0.1:${port}`),
      secret: secretOf(secretText),
      deadlineMs: 400,
    })
    const patient = await RemoteBlobStore.open({
      endpoint: new URL(`http://127.0.0.1:${port}`),
      secret: secretOf(secretText),
      deadlineMs: 120_000,
    })
    try {
      const load = new Load(store, random)
      const running = Array.from({ length: clients }, () => load.run())
      const failed = Promise.all(running).then(() => undefined)
      for (let round = 0; round < kills; round += 1) {
        const before = load.stored.size
        while (load.stored.size < before + 30) await Promise.race([sleep(5), failed])
        await kill(child)
        const lost = load.unavailable
        while (load.unavailable < lost + clients) await Promise.race([sleep(5), failed])
        child = await serve(path, port)
      }
      load.isOver = true
      await failed
      for (const chunk of load.stored) {
        const read = await patient.read(chunk.ref, wholeOf(chunk))
        assert(read.is === 'found' && read.frames.equals(chunk.frames), `it is ${read.is}`)
      }
      for (const chunk of load.deleted) {
        assert.deepEqual(await patient.read(chunk.ref, wholeOf(chunk)), { is: 'absent' })
      }
      console.log(
        `stored ${load.stored.size}, deleted ${load.deleted.size}, unavailable ${load.unavailable}`,
      )
    } finally {
      await store.close()
      await patient.close()
      await kill(child)
      await rm(path, { recursive: true })
    }
  })
})
