// Readers of replies: one that stands still is cut off, so that it holds neither memory nor the space of what
// has been deleted; one that reads at the stated rate gets all.
import assert from 'node:assert'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { ReplyBatch } from '../../gateway/http/reply-batch.ts'
import { requestIds } from '../../gateway/http/request-id.ts'
import { createS3Server } from '../../gateway/http/s3-server.ts'
import { sendReply } from '../../gateway/http/send-reply.ts'
import { describe } from '../support/describe.ts'
import { RawConnection } from '../support/raw-connection.ts'
import { seededBytes } from '../support/seeded-bytes.ts'
import { RunningServer } from '../support/start-server.ts'
import { exchange, signed } from '../support/wire-request.ts'

const mib = 1024 * 1024
const random = seededBytes()
const body = random.bytes(24 * mib)

describe('a reader', (test) => {
  let server: RunningServer
  test.before(async () => {
    // A batch of 1 MiB may take a second and a window.
    server = await RunningServer.start({
      uploadPace: { bytesPerSecondMin: mib, windowMs: 1_000 },
    })
    await exchange(server.port, { method: 'PUT', target: '/bkt' })
    assert.equal(
      (await exchange(server.port, { method: 'PUT', target: '/bkt/k', body })).status,
      200,
    )
  })
  test.after(async () => {
    server.assertNoFailure()
    await server.stop()
  })

  test('that stands still is cut off in mid-reply', async () => {
    const connection = await RawConnection.open(server.port)
    connection.socket.pause()
    await connection.send(signed({ target: '/bkt/k' }).bytes)
    await sleep(4_000)
    connection.socket.resume()
    const received = await connection.rest()
    assert.ok(received.length < body.length, `${received.length} bytes came`)
    connection.close()
  })

  test('that is slow and steady gets all', async () => {
    const connection = await RawConnection.open(server.port)
    await connection.send(signed({ target: '/bkt/k' }).bytes)
    const pausing = setInterval(() => {
      connection.socket.pause()
      setTimeout(() => connection.socket.resume(), 300)
    }, 400)
    const response = await connection.response()
    clearInterval(pausing)
    assert.ok(response.body.equals(body))
    connection.close()
  })

  test('that hangs up in mid-reply costs nothing', async () => {
    for (let count = 0; count < 20; count += 1) {
      const connection = await RawConnection.open(server.port)
      await connection.send(signed({ target: '/bkt/k' }).bytes)
      await once(connection.socket, 'news')
      if (count % 2 === 0) connection.socket.resetAndDestroy()
      else connection.close()
    }
    assert.ok((await exchange(server.port, { target: '/bkt/k' })).body.equals(body))
  })
})

describe('readers that hang up as the server stops', (test) => {
  test('have nothing read for them any more', async () => {
    const server = await RunningServer.start()
    await exchange(server.port, { method: 'PUT', target: '/bkt' })
    for (let count = 0; count < 200; count += 1) {
      const target = `/bkt/${count}`
      await exchange(server.port, { method: 'PUT', target, body: random.bytes(mib / 8) })
    }
    const connections: RawConnection[] = []
    for (let count = 0; count < 50; count += 1) {
      const connection = await RawConnection.open(server.port)
      await connection.send(signed({ target: '/bkt?zip' }).bytes)
      await once(connection.socket, 'news')
      connection.socket.pause()
      connections.push(connection)
    }
    for (const connection of connections) connection.close()
    await server.stop()
    server.assertNoFailure()
  })
})

describe('a reply that nobody waits for any more', (test) => {
  test('is dropped, and the server closes when it is', async () => {
    const order: string[] = []
    let begun = false
    const server = createS3Server({
      ids: requestIds('test'),
      handle: async (incoming, outgoing) => {
        begun = true
        await once(outgoing, 'close')
        const drop = async () => {
          await sleep(100)
          order.push('dropped')
        }
        const body = { bytes: 5, open: () => assert.fail('it was opened'), drop }
        const pace = { bytesPerSecondMin: 1024, windowMs: 1_000 }
        const reply = { status: 200, headers: {}, body }
        const batch = new ReplyBatch()
        await sendReply(
          {
            ...{ incoming, outgoing, standing: [], withheldContinue: false, batch, pace },
            sent: { headMs: undefined, bytes: 0 },
            clock: () => 0,
          },
          reply,
        )
      },
    })
    const { port } = await server.listen(0, '127.0.0.1')
    const connection = await RawConnection.open(port)
    await connection.send(Buffer.from('GET / HTTP/1.1\r\nHost: s3\r\n\r\n'))
    while (!begun) await sleep(5)
    connection.close()
    await server.close(1_000)
    order.push('closed')
    assert.deepEqual(order, ['dropped', 'closed'])
  })
})
