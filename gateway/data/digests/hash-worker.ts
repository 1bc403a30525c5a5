// The thread of a `HashPool`: digests of bodies, each lane's bytes in the order they were sent.
import assert from 'node:assert'
import { parentPort } from 'node:worker_threads'
import {
  loadChecksums,
  type StreamingDigest,
} from '../../../protocol/s3/checksums/streaming-digest.ts'
import type { FromHashWorker, ToHashWorker } from './hash-messages.ts'

const port = parentPort
assert(port !== null, 'a hash worker runs as a thread')
const checksums = await loadChecksums()
const lanes = new Map<number, readonly StreamingDigest[]>()
/** As long as this thread lives; it ends when it has nothing to do. */
const shares = new Map<number, SharedArrayBuffer>()

function digestsOf(lane: number): readonly StreamingDigest[] {
  const digests = lanes.get(lane)
  assert(digests !== undefined, 'a lane that was never opened')
  return digests
}

function update(lane: number, bytes: Uint8Array): void {
  for (const digest of digestsOf(lane)) digest.update(bytes)
  answer({ is: 'hashed', lane })
}

function sharedBytes(share: number, offset: number, length: number): Uint8Array {
  const memory = shares.get(share)
  assert(memory !== undefined, 'memory that was never shared')
  return new Uint8Array(memory, offset, length)
}

function answer(message: FromHashWorker): void {
  port?.postMessage(message)
}

port.on('message', (message: ToHashWorker) => {
  switch (message.is) {
    case 'open':
      lanes.set(
        message.lane,
        message.algorithms.map((algorithm) => checksums.createDigest(algorithm)),
      )
      return
    case 'share':
      shares.set(message.share, message.memory)
      return
    case 'shared':
      update(message.lane, sharedBytes(message.share, message.offset, message.length))
      return
    case 'copied':
      update(message.lane, message.bytes)
      return
    case 'finish': {
      const { lane } = message
      const digests = digestsOf(lane).map((digest) => Uint8Array.from(digest.digest()))
      lanes.delete(lane)
      answer({ is: 'digests', lane, digests })
      return
    }
    case 'forget':
      lanes.delete(message.lane)
      return
    default:
      message satisfies never
  }
})
