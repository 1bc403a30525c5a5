// A second process on a data directory, for `two-processes.test.ts`: does what its parent asks over
// the channel between them, and answers each request by its number.
import { randomBytes } from 'node:crypto'
import { DiskBlobStore } from '../../../datanode/disk/disk-blob-store.ts'
import { realVfs } from '../../../datanode/disk/real-vfs.ts'
import { SeededRandom } from '../../simulation/datanode-random.ts'
import { chunkOf, type TestChunk, testRef, wholeOf } from '../sealed-chunk-fixture.ts'

export type WorkerRequest = { readonly number: number } & (
  | { readonly ask: 'open'; readonly path: string; readonly processId: string }
  /** Chunks are made from seeds on both sides, so that only numbers cross. */
  | { readonly ask: 'write' | 'read' | 'delete'; readonly seed: number; readonly length: number }
  | { readonly ask: 'maintain' | 'close' }
)
export type WorkerAnswer = { readonly number: number; readonly answer: string }

/** The chunk that this seed stands for in both processes. */
export function chunkOfSeed(seed: number, length: number): TestChunk {
  const random = new SeededRandom(seed)
  return chunkOf(testRef(random), { random, length })
}

/** `equal`, `absent`, `corrupt`, or `different`. */
export async function readSeed(store: DiskBlobStore, chunk: TestChunk): Promise<string> {
  const read = await store.read(chunk.ref, wholeOf(chunk))
  if (read.is !== 'found') return read.is
  return read.frames.equals(chunk.frames) ? 'equal' : 'different'
}

let store: DiskBlobStore | undefined

async function serve(request: WorkerRequest): Promise<string> {
  if (request.ask === 'open') {
    store = await DiskBlobStore.open({
      isReferenced: async (refs) => refs.map(() => false),
      path: request.path,
      processId: request.processId,
      role: 'worker',
      vfs: realVfs,
      nowMs: Date.now,
      randomBytes,
      segmentBytes: 1024 * 1024,
      reserveBytes: 0,
    })
    return 'open'
  }
  if (store === undefined) return 'not open'
  if ('seed' in request) {
    const chunk = chunkOfSeed(request.seed, request.length)
    if (request.ask === 'write') return (await store.write(chunk)).is
    if (request.ask === 'read') return readSeed(store, chunk)
    await store.delete([chunk.ref])
  } else if (request.ask === 'maintain') await store.maintain()
  else await store.close()
  return 'done'
}

if (process.send !== undefined) {
  process.on('message', (request: WorkerRequest) => {
    serve(request).then(
      (answer) => process.send?.({ number: request.number, answer }),
      (cause) => process.send?.({ number: request.number, answer: String(cause) }),
    )
  })
  process.on('disconnect', () => process.exit(0))
}
