// The thread of a `HashPool`: digests of bodies, each lane's bytes in the order they were sent.
import assert from 'node:assert'
import { parentPort } from 'node:worker_threads'
import {
  loadChecksums,
  type StreamingDigest,
} from '../../protocol/s3/checksums/streaming-digest.ts'
import type { FromHashWorker, ToHashWorker } from './hash-messages.ts'

const port = parentPort
assert(port !== null, 'a hash worker runs as a thread')
const checksums = await loadChecksums()
const lanes = new Map<number, readonly StreamingDigest[]>()

function digestsOf(lane: number): readonly StreamingDigest[] {
  const digests = lanes.get(lane)
  assert(digests !== undefined, 'a lane that was never opened')
  return digests
}

function answer(message: FromHashWorker): void {
  port?.postMessage(message)
}

port.on('message', (message: ToHashWorker) => {
  const { lane } = message
  switch (message.is) {
    case 'open':
      lanes.set(
        lane,
        message.algorithms.map((algorithm) => checksums.createDigest(algorithm)),
      )
      return
    case 'update':
      for (const digest of digestsOf(lane)) digest.update(message.bytes)
      answer({ is: 'hashed', lane })
      return
    case 'finish': {
      const digests = digestsOf(lane).map((digest) => Uint8Array.from(digest.digest()))
      lanes.delete(lane)
      answer({ is: 'digests', lane, digests })
      return
    }
    case 'forget':
      lanes.delete(lane)
      return
    default:
      message satisfies never
  }
})
