// What a data node costs: the same chunks written and read at the disk engine in this process, and at one behind a data
// node on this machine, in one run.
import { fork } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { BlobStore, SealedChunk } from '../../datanode/blob-store.ts'
import { DiskBlobStore } from '../../datanode/disk/disk-blob-store.ts'
import { realVfs } from '../../datanode/disk/real-vfs.ts'
import { RemoteBlobStore } from '../../datanode/remote/remote-blob-store.ts'
import { blockBytes, chunkBytesMax, sealedBytes } from '../../protocol/chunks/chunk-ref.ts'
import { testChunk, testRef, wholeOf } from '../datanode/sealed-chunk-fixture.ts'
import { secretOf } from '../datanode/served-node.ts'
import { SeededRandom } from '../simulation/datanode-random.ts'
import { cpuSeconds } from './process-figures.ts'

type Row = (what: string, figure: string, ratio?: string) => void

const segmentBytes = 256 * 1024 * 1024
const largeChunks = 96
const smallWrites = 3_000
const smallReads = 12_000
const largeReads = 384
const callers = 8

type Work = {
  readonly what: string
  readonly count: number
  /** Of each. */
  readonly bytes: number
  run(store: BlobStore, index: number): Promise<void>
}

export async function blobRows(row: Row, directory: string): Promise<void> {
  const secretText = randomBytes(32).toString('hex')
  const program = fileURLToPath(new URL('../datanode/serving-node.js', import.meta.url))
  const node = fork(program, [join(directory, 'served-blobs'), '0', secretText, `${segmentBytes}`])
  const [port] = await once(node, 'message')
  const near = await DiskBlobStore.open({
    path: join(directory, 'near-blobs'),
    role: 'primary',
    processId: randomBytes(8).toString('hex'),
    vfs: realVfs,
    nowMs: Date.now,
    randomBytes,
    segmentBytes,
    reserveBytes: 0,
    isReferenced: async (refs) => refs.map(() => false),
  })
  const far = await RemoteBlobStore.open({
    endpoint: new URL(`http://127.0.0.1:${port}`),
    secret: secretOf(secretText),
    deadlineMs: 60_000,
  })
  try {
    for (const work of works()) {
      const one = await measure(near, work, [process.pid])
      const other = await measure(far, work, [process.pid, node.pid ?? 0])
      row(
        `${work.what}, ${callers} at once: embedded, data node`,
        `${show(one)}; ${show(other)}`,
        `${(other.perSecond / one.perSecond).toFixed(2)} of embedded`,
      )
    }
  } finally {
    await far.close()
    await near.close()
    const exited = once(node, 'exit')
    node.kill()
    await exited
  }
}

/** Each finds what those before it have written. */
function works(): readonly Work[] {
  const random = new SeededRandom(1)
  const small = testChunk(random, blockBytes)
  const large = testChunk(random, chunkBytesMax)
  const larges: readonly SealedChunk[] = Array.from({ length: largeChunks }, () => ({
    ...large,
    ref: testRef(random),
  }))
  const largeAt = (index: number) => larges[index % larges.length] ?? large
  const lent = Array.from({ length: callers }, () =>
    Buffer.alloc(sealedBytes(chunkBytesMax) + 64 * 1024),
  )
  return [
    {
      what: 'chunks of 4 MiB written',
      count: largeChunks,
      bytes: chunkBytesMax,
      run: async (store, index) => requireIs(await store.write(largeAt(index)), 'stored'),
    },
    {
      what: 'chunks of 64 KiB written',
      count: smallWrites,
      bytes: blockBytes,
      run: async (store) =>
        requireIs(await store.write({ ...small, ref: testRef(random) }), 'stored'),
    },
    {
      what: '64 KiB read of chunks of 4 MiB',
      count: smallReads,
      bytes: blockBytes,
      run: async (store, index) => {
        const { ref, length } = largeAt(index)
        const range = { first: random.below(64), count: 1, length }
        const into = lent.pop()
        requireIs(await store.read(ref, range, { into }), 'found')
        if (into !== undefined) lent.push(into)
      },
    },
    {
      what: 'chunks of 4 MiB read',
      count: largeReads,
      bytes: chunkBytesMax,
      run: async (store, index) => {
        const chunk = largeAt(index)
        const into = lent.pop()
        requireIs(await store.read(chunk.ref, wholeOf(chunk), { into }), 'found')
        if (into !== undefined) lent.push(into)
      },
    },
  ]
}

function requireIs(answer: { readonly is: string }, is: string): void {
  if (answer.is !== is) throw new Error(`${answer.is} where it should be ${is}`)
}

type Measured = { readonly perSecond: number; readonly mibPerSecond: number; readonly cpu: number }

async function measure(
  store: BlobStore,
  { count, bytes, run }: Work,
  pids: readonly number[],
): Promise<Measured> {
  const cpu = () => pids.reduce((sum, pid) => sum + cpuSeconds(pid), 0)
  const [before, started] = [cpu(), performance.now()]
  let next = 0
  const caller = async () => {
    while (next < count) {
      next += 1
      await run(store, next)
    }
  }
  await Promise.all(Array.from({ length: callers }, caller))
  const seconds = (performance.now() - started) / 1000
  return {
    perSecond: count / seconds,
    mibPerSecond: (count * bytes) / 2 ** 20 / seconds,
    cpu: (cpu() - before) / ((count * bytes) / 1e9),
  }
}

/** CPU of both sides together. */
function show({ mibPerSecond, cpu }: Measured): string {
  return `${mibPerSecond.toFixed(0)} MiB/s, ${cpu.toFixed(2)} s CPU/GB`
}
