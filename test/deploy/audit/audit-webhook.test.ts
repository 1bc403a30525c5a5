// The audit log as a webhook, with a real server that is slow, refuses, goes and comes back.
import assert from 'node:assert/strict'
import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { AuditLog } from '../../../deploy/audit/audit-log.ts'
import { AuditWebhook } from '../../../deploy/audit/audit-webhook.ts'
import { describe } from '../../support/describe.ts'
import { keptLog, type Line, numbered, until } from './audit-fixture.ts'

type Received = { readonly headers: IncomingHttpHeaders; readonly lines: readonly Line[] }
type Answer = (response: ServerResponse) => void

class Receiver {
  readonly received: Received[] = []
  answer: Answer = (response) => response.writeHead(204).end()
  port = 0
  #server: Server | undefined

  async listen(): Promise<void> {
    const server = createServer((incoming, response) => {
      const pieces: Buffer[] = []
      incoming.on('data', (piece: Buffer) => pieces.push(piece))
      incoming.on('end', () => {
        const text = Buffer.concat(pieces).toString()
        assert.ok(text.endsWith('\n'))
        const lines = text
          .trimEnd()
          .split('\n')
          .map((line) => JSON.parse(line) as Line)
        this.received.push({ headers: incoming.headers, lines })
        this.answer(response)
      })
    })
    this.#server = server
    await new Promise<void>((resolve) => server.listen(this.port, '127.0.0.1', resolve))
    this.port = (server.address() as AddressInfo).port
  }

  async close(): Promise<void> {
    const server = this.#server
    server?.closeAllConnections()
    await new Promise((resolve) => (server === undefined ? resolve(0) : server.close(resolve)))
  }

  get numbers(): readonly unknown[] {
    return this.received.flatMap(({ lines }) => lines.map(({ number, type }) => number ?? type))
  }
}

const token = 'a-token-of-a-test'

describe('the webhook of the audit log', (test) => {
  let receiver: Receiver
  let drawn = 0
  test.beforeEach(async () => {
    receiver = new Receiver()
    await receiver.listen()
  })
  test.afterEach(() => receiver.close())

  function open({ memoryBytes = 1024 * 1024, bearer = token } = {}) {
    const sink = new AuditWebhook({
      url: `http://127.0.0.1:${receiver.port}/audit?key=secret-of-a-url`,
      ...(bearer === '' ? {} : { token: bearer }),
      random: (bytes) => {
        drawn += 1
        return Buffer.alloc(bytes, drawn)
      },
    })
    const { log, told } = keptLog()
    const audit = new AuditLog({ sink, memoryBytes, log, now: Date.now })
    const add = (number: number, bytes = 0) =>
      audit.add({ text: numbered(number, bytes), count: 1 })
    return { audit, add, told }
  }

  test('gets lines as NDJSON, with the token, each batch under an id', async () => {
    const { audit, add } = open()
    add(1)
    add(2)
    await until(() => receiver.received.length === 1)
    add(3)
    await audit.close(5_000)
    assert.deepEqual(receiver.numbers, [1, 2, 3])
    const [first, second] = receiver.received
    assert.equal(first?.headers['content-type'], 'application/x-ndjson')
    assert.equal(first?.headers.authorization, `Bearer ${token}`)
    assert.match(String(first?.headers['x-holdfast-batch']), /^[0-9a-f]{32}$/)
    assert.notEqual(first?.headers['x-holdfast-batch'], second?.headers['x-holdfast-batch'])
  })

  test('is shown no token where there is none', async () => {
    const { audit, add } = open({ bearer: '' })
    add(1)
    await audit.close(5_000)
    assert.equal(receiver.received[0]?.headers.authorization, undefined)
  })

  test('that refuses gets the same batch under the same id until it takes it', async () => {
    const { audit, add } = open()
    receiver.answer = (response) => {
      if (receiver.received.length === 1) add(2)
      response.writeHead(receiver.received.length < 3 ? 503 : 200).end('thank you')
    }
    add(1)
    await until(() => receiver.received.length === 3)
    await audit.close(5_000)
    assert.deepEqual(receiver.numbers, [1, 1, 1, 2])
    assert.equal(
      new Set(receiver.received.map(({ headers }) => headers['x-holdfast-batch'])).size,
      2,
    )
  })

  test('is not followed to where it points', async () => {
    const { audit, add } = open()
    receiver.answer = (response) => response.writeHead(307, { location: '/elsewhere' }).end()
    add(1)
    await until(() => audit.failure !== undefined)
    assert.equal(audit.failure, 'the webhook of the audit log answers 307')
    await audit.close(0)
  })

  test('that has gone gets everything when it is back, and no failure names its address', async () => {
    const { audit, add, told } = open()
    add(1)
    await until(() => receiver.received.length === 1)
    await receiver.close()
    add(2)
    await until(() => audit.failure !== undefined)
    assert.match(String(audit.failure), /cannot be reached: [A-Z_]+$/)
    await receiver.listen()
    await until(() => audit.failure === undefined)
    await audit.close(5_000)
    assert.deepEqual(receiver.numbers, [1, 2])
    assert.equal(told.filter((line) => line.startsWith('error')).length, 1)
  })

  test('that is slow makes nobody wait; what finds no room is counted', async () => {
    const { audit, add } = open({ memoryBytes: 256 * 1024 })
    const held: ServerResponse[] = []
    receiver.answer = (response) => held.push(response)
    for (let number = 0; number < 1_000; number += 1) add(number, 1_000)
    await until(() => held.length === 1)
    const dropped = audit.droppedLines
    assert.ok(dropped > 700, `${dropped} were dropped`)
    receiver.answer = (response) => response.writeHead(200).end()
    for (const response of held) response.writeHead(200).end()
    await audit.close(10_000)
    assert.equal(receiver.numbers.length, 1_000 - dropped + 1)
    assert.equal(receiver.numbers.at(-1), 'dropped')
  })
})
