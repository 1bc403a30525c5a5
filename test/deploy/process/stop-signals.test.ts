// What a second signal does, and that two of one moment count as one. On fake engines, which wait for
// connections for ever.
import assert from 'node:assert'
import { once } from 'node:events'
import { connect } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { describe } from '../../support/describe.ts'
import { makeTemporaryDirectory, StartedServer } from '../../support/started-server.ts'

const program = fileURLToPath(new URL('../fake-server.js', import.meta.url))

describe('a server with a request that never ends', (test) => {
  const directory = makeTemporaryDirectory()
  test.after(() => directory.remove())

  test('waits for it though npm passes the terminal’s signal on, and stops at the second', async () => {
    const data = join(directory.path, 'data')
    const addresses = ['--listen', '127.0.0.1:0', '--admin-listen', '127.0.0.1:0']
    const argv = [...addresses, '--data', data, '--workers', '2']
    const server = new StartedServer({ program, argv })
    const { s3 } = await server.listening()
    const socket = connect(Number(new URL(s3).port), '127.0.0.1')
    await once(socket, 'connect')
    socket.on('error', () => {})
    socket.write('GET /held HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n')

    server.child.kill('SIGINT')
    server.child.kill('SIGTERM')
    await server.printed(/^Stopping/m)
    await sleep(700)
    assert.strictEqual(server.child.exitCode, null)
    assert.strictEqual(await server.stop('SIGTERM'), 1)
    socket.destroy()
  })
})
