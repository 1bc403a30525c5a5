import assert from 'node:assert'
import { paced } from '../../../gateway/http/body-pace.ts'
import { S3Error } from '../../../protocol/s3/s3-error.ts'
import { describe } from '../../support/describe.ts'

const isTimeout = (cause: unknown) => cause instanceof S3Error && cause.code === 'RequestTimeout'
const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

/** Sends `bytes` each time, `everyMs` apart, as often as told; then ends. */
async function* sender(bytes: number, everyMs: number, times: number) {
  for (let count = 0; count < times; count += 1) {
    await wait(everyMs)
    yield Buffer.alloc(bytes)
  }
}

async function sizeOf(body: AsyncIterable<Buffer>, delayMs = 0): Promise<number> {
  let size = 0
  for await (const piece of body) {
    size += piece.length
    if (delayMs > 0) await wait(delayMs)
  }
  return size
}

const limit = { bytesPerSecondMin: 1000, windowMs: 60, graceMs: 40, nowMs: () => performance.now() }

describe('the pace of a body', (test) => {
  test('a sender that keeps up passes through whole', async () => {
    assert.equal(await sizeOf(paced(sender(1000, 5, 40), limit)), 40_000)
  })

  test('a sender that trickles is cut off', async () => {
    await assert.rejects(sizeOf(paced(sender(1, 5, 10_000), limit)), isTimeout)
  })

  test('a sender that falls silent is cut off, though it never ends', async () => {
    async function* body(): AsyncGenerator<Buffer, void, void> {
      yield Buffer.alloc(100_000)
      await new Promise(() => {})
    }
    // The watch alone does not keep a process alive; a socket would.
    const socket = setInterval(() => {}, 1000)
    await assert.rejects(sizeOf(paced(body(), limit)), isTimeout)
    clearInterval(socket)
  })

  test('time that we take does not count', async () => {
    async function* body(): AsyncGenerator<Buffer, void, void> {
      for (let count = 0; count < 5; count += 1) yield Buffer.alloc(1)
    }
    assert.equal(await sizeOf(paced(body(), limit), 50), 5)
  })

  test('an error of the body comes through', async () => {
    const broken = new S3Error('IncompleteBody')
    async function* body(): AsyncGenerator<Buffer, void, void> {
      yield Buffer.alloc(1)
      throw broken
    }
    await assert.rejects(sizeOf(paced(body(), limit)), (cause) => cause === broken)
  })

  test('a body not read to its end is ended', async () => {
    let ended = false
    async function* body(): AsyncGenerator<Buffer, void, void> {
      try {
        for (;;) yield Buffer.alloc(1)
      } finally {
        ended = true
      }
    }
    for await (const piece of paced(body(), limit)) if (piece.length > 0) break
    assert.ok(ended)
  })
})
