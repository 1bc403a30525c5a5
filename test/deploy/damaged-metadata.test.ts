// The real server on metadata of which one bit is another: it says what is wrong and ends with an exit code,
// or serves, and what it serves is right. More of them: npm test -- damaged-metadata --budget-ms=600000
import assert from 'node:assert/strict'
import {
  closeSync,
  cpSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { GetObjectCommand, ListObjectsV2Command, S3ServiceException } from '@aws-sdk/client-s3'
import { leftAs, leftOf } from '../../deploy/stores/metadata-left.ts'
import { LmdbEnvironment } from '../../metadata/lmdb/lmdb-environment.ts'
import { pageBytes } from '../../metadata/lmdb/page-layout.ts'
import { everyRow } from '../../metadata/lmdb/row-keys.ts'
import { verifyPages } from '../../metadata/lmdb/verify-pages.ts'
import { startHoldfast } from '../compat/client-server.ts'
import { describe } from '../support/describe.ts'
import { seededBytes } from '../support/seeded-bytes.ts'
import { makeTemporaryDirectory } from '../support/started-server.ts'
import { bucket, ServedStore } from './served-store.ts'

const { values } = parseArgs({ options: { 'budget-ms': { type: 'string' } }, strict: false })
const budgetMs = Number(values['budget-ms'] ?? 15_000)
const signal = /SIG[A-Z]+|Segmentation|Assertion/

describe('a server on damaged metadata', (test) => {
  const random = seededBytes()
  const directory = makeTemporaryDirectory()
  let number = 0

  /** Small objects alone: all there is of them lies in metadata. */
  async function made(): Promise<ServedStore> {
    number += 1
    const store = new ServedStore(join(directory.path, `store-${number}`), random)
    await store.start()
    await store.makeBucket()
    for (let i = 0; i < 60; i += 1) await store.put(`key-${i}`, random.bytes(100 + 40 * i))
    await store.stop()
    return store
  }

  function copyOf(sound: ServedStore): ServedStore {
    number += 1
    const copy = new ServedStore(join(directory.path, `store-${number}`), random)
    cpSync(sound.data, copy.data, { recursive: true, preserveTimestamps: true })
    for (const [key, body] of sound.expected) copy.expected.set(key, body)
    return copy
  }

  function flip(store: ServedStore, at: number, bit: number): void {
    const file = store.path('metadata', 'data.mdb')
    const byte = readFileSync(file)[at] ?? 0
    const handle = openSync(file, 'r+')
    writeSync(handle, Buffer.of(byte ^ (1 << bit)), 0, 1, at)
    closeSync(handle)
  }

  /** As if nobody had touched the file since it was closed: so does a medium that goes bad. */
  function unnoticed(store: ServedStore): void {
    const lock = store.path('lock')
    const text = readFileSync(lock, 'utf8')
    const closed = leftAs('closed', store.data)
    writeFileSync(lock, text.replace(leftOf(text) ?? 'none', closed))
  }

  /** Rather in the heads of pages than elsewhere. */
  function place(bytes: Buffer): number {
    for (;;) {
      const page = random.integer(bytes.length / pageBytes)
      const at = page * pageBytes + random.integer(random.integer(2) === 0 ? 64 : pageBytes)
      if (bytes[at] !== 0) return at
    }
  }

  /** Every object, and the list of them, is as it was put, or refused as an error of ours. */
  async function requireRight(store: ServedStore, where: string): Promise<void> {
    const answers = [...store.expected].map(async ([key, body]) => {
      try {
        const answer = await store.client.send(new GetObjectCommand({ Bucket: bucket, Key: key }))
        const bytes = await answer.Body?.transformToByteArray()
        assert.ok(body.equals(bytes ?? Buffer.alloc(0)), `${where}: ${key} is another`)
      } catch (cause) {
        requireOurs(cause, `${where}: ${key}`)
      }
    })
    await Promise.all(answers)
    try {
      const { Contents = [] } = await store.client.send(
        new ListObjectsV2Command({ Bucket: bucket }),
      )
      assert.equal(Contents.length, store.expected.size, where)
    } catch (cause) {
      requireOurs(cause, `${where}: list`)
    }
  }

  function requireOurs(cause: unknown, where: string): void {
    if (!(cause instanceof S3ServiceException)) throw cause
    assert.equal(cause.$metadata.httpStatusCode, 500, `${where}: ${cause.name}`)
  }

  /** Answers what it printed when it did not come to serve. */
  async function startOn(store: ServedStore, where: string): Promise<string | undefined> {
    try {
      await store.start()
    } catch (cause) {
      return cause instanceof Error ? cause.message : String(cause)
    }
    await requireRight(store, where)
    const { server } = store
    await store.stop()
    assert.equal(server.child.signalCode, null, `${where}\n${server.output}`)
    return undefined
  }

  test.after(() => directory.remove())

  test('ends with a sentence, or serves what is right', async () => {
    const sound = await made()
    const bytes = readFileSync(sound.path('metadata', 'data.mdb'))
    const end = Date.now() + budgetMs
    let refused = 0
    let served = 0
    while (Date.now() < end) {
      const at = place(bytes)
      const bit = random.integer(8)
      const where = `page ${Math.floor(at / pageBytes)}, offset ${at % pageBytes}, bit ${bit}`
      const store = copyOf(sound)
      flip(store, at, bit)
      const printed = await startOn(store, where)
      if (printed === undefined) served += 1
      else {
        refused += 1
        assert.match(printed, /metadata|backup|store/i, where)
        assert.match(printed, /docs\/recovery\.md|holdfast /, `${where}\n${printed}`)
        assert.doesNotMatch(printed, signal, where)
        assert.doesNotMatch(printed, / at .*\.js:/, `${where}\n${printed}`)
      }
      rmSync(store.data, { recursive: true })
    }
    console.log(`${refused} flips were refused, with ${served} the server served`)
    assert.ok(refused + served > 0)
  })

  test('says so at the start after one that died of it, when nobody had touched the file', async () => {
    const sound = await made()
    const bytes = readFileSync(sound.path('metadata', 'data.mdb'))
    for (let tried = 0; tried < 6; ) {
      const at = place(bytes)
      const store = copyOf(sound)
      flip(store, at, random.integer(8))
      if (verifyPages(store.path('metadata', 'data.mdb')) !== undefined) {
        tried += 1
        unnoticed(store)
        await requireToldAfterDeath(store, `offset ${at}`)
      }
      rmSync(store.data, { recursive: true })
    }
  })

  async function requireToldAfterDeath(store: ServedStore, where: string): Promise<void> {
    try {
      const printed = await startOn(store, where)
      if (printed === undefined || /docs\/recovery\.md/.test(printed)) return
    } catch {
      // It may have died in the midst of an answer.
    }
    await store.stop('SIGKILL')
    assert.match((await startOn(store, where)) ?? 'it serves', /docs\/recovery\.md/, where)
  }

  test('answers 500 for a row that is not as it was written, and the log and a check name it', async () => {
    const store = await made()
    const environment = await LmdbEnvironment.open({ path: store.path('metadata') })
    await environment.write(({ objects }) => {
      const row = [...objects.storedRows(everyRow)].find(({ key }) => /key-7$/.test(key.toString()))
      assert.ok(row)
      const value = Buffer.from(row.value)
      value[30] = (value[30] ?? 0) ^ 32
      objects.putStored(Buffer.from(row.key), value)
    })
    await environment.close()
    await store.start()
    assert.deepEqual(await store.unreadable(), ['key-7'])
    const listed = await fetchStatus(store)
    assert.equal(listed, 500)
    assert.match(
      store.server.output,
      /the row of objects under [0-9a-f]+6b65792d37 is not as it was/,
    )
    await store.stop()
    const { status, stdout } = store.run('check')
    assert.equal(status, 1)
    assert.match(stdout, /^a row of objects is damaged, and is not served \(safe\/key-7, /m)
  })

  test('says what to run when a worker dies of it, and reads everything at the next start', async () => {
    const store = await made()
    const server = startHoldfast({ data: store.data, workers: 2 })
    await server.listening()
    const [worker] = server.workers
    assert.ok(worker !== undefined)
    process.kill(worker, 'SIGSEGV')
    await server.printed(/ended \(SIGSEGV: if it goes on, stop the server and run holdfast check/)
    await server.stop()
    await store.start()
    assert.match(store.server.output, /all are read first/)
    assert.deepEqual(await store.unreadable(), [])
    await store.stop()
  })

  async function fetchStatus({ client }: ServedStore): Promise<number | undefined> {
    try {
      await client.send(new ListObjectsV2Command({ Bucket: bucket }))
      return 200
    } catch (cause) {
      return cause instanceof S3ServiceException ? cause.$metadata.httpStatusCode : undefined
    }
  }

  test('reads a sound store after a kill in the middle of a start, and starts', async () => {
    const store = await made()
    const lock = store.path('lock')
    writeFileSync(lock, readFileSync(lock, 'utf8').replace(/^closed.*$/m, 'opening'))
    await store.start()
    assert.match(store.server.output, /all are read first/)
    assert.deepEqual(await store.unreadable(), [])
    await store.stop()
    await store.start()
    assert.doesNotMatch(store.server.output, /all are read first/)
    await store.stop()
  })
})
