// Closing the S3 server: the engines behind it are closed next, so nothing may use them any more.
import assert from 'node:assert'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { requestIds } from '../../gateway/http/request-id.ts'
import { createS3Server } from '../../gateway/http/s3-server.ts'
import { describe } from '../support/describe.ts'
import { RawConnection } from '../support/raw-connection.ts'

describe('a server that is closed', (test) => {
  test('waits for requests whose clients have gone', async () => {
    let begun = 0
    let ended = 0
    const server = createS3Server({
      ids: requestIds('test'),
      handle: async (_incoming, outgoing) => {
        begun += 1
        await once(outgoing, 'close')
        await sleep(100)
        ended += 1
      },
    })
    const { port } = await server.listen(0, '127.0.0.1')
    for (let count = 0; count < 5; count += 1) {
      const connection = await RawConnection.open(port)
      await connection.send(Buffer.from('GET / HTTP/1.1\r\nHost: s3\r\n\r\n'))
      while (begun === count) await sleep(5)
      connection.close()
    }
    await server.close(1_000)
    assert.equal(ended, 5)
  })

  test('does not wait for ever', async () => {
    const server = createS3Server({
      ids: requestIds('test'),
      handle: (_incoming, outgoing) => {
        outgoing.destroy()
        return new Promise(() => {})
      },
    })
    const { port } = await server.listen(0, '127.0.0.1')
    const connection = await RawConnection.open(port)
    await connection.send(Buffer.from('GET / HTTP/1.1\r\nHost: s3\r\n\r\n'))
    await connection.rest()
    await server.close(0)
  })
})
