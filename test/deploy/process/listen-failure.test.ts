// Addresses that cannot be listened on, met before a server begins.
import assert from 'node:assert'
import { createServer, type Server } from 'node:net'
import {
  ListenRefused,
  listenFailure,
  requireFreeAddresses,
} from '../../../deploy/process/listen-failure.ts'
import { describe } from '../../support/describe.ts'

const free = { host: '127.0.0.1', port: 0 }

async function refusal(addresses: Parameters<typeof requireFreeAddresses>[0]): Promise<string> {
  try {
    await requireFreeAddresses(addresses)
  } catch (cause) {
    assert.ok(cause instanceof ListenRefused, String(cause))
    return cause.message
  }
  return ''
}

function bySystem(code: string, syscall: string): Error {
  return Object.assign(new Error(`${syscall} ${code}`), { code, syscall })
}

describe('addresses to listen on', (test) => {
  const taken: Server[] = []
  const take = async () => {
    const server = createServer()
    taken.push(server)
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const address = server.address()
    assert.ok(typeof address === 'object' && address !== null)
    return { host: '127.0.0.1', port: address.port }
  }
  test.after(() => {
    for (const server of taken) server.close()
  })

  test('that are free are free afterwards, too', async () => {
    const address = await take()
    await new Promise((resolve) => taken.pop()?.close(resolve))
    for (let time = 0; time < 2; time += 1) {
      assert.strictEqual(await refusal({ listen: address, adminListen: free }), '')
    }
  })

  test('in use are named by flag and port, both at once, with another to choose', async () => {
    const [listen, adminListen] = [await take(), await take()]
    const said = await refusal({ listen, adminListen })
    assert.match(
      said,
      new RegExp(`^--listen 127.0.0.1:${listen.port}: port ${listen.port} is in use`),
    )
    const admin = `^--admin-listen 127.0.0.1:${adminListen.port}: port ${adminListen.port} is in use`
    assert.match(said, new RegExp(admin, 'm'))
    assert.match(said, /choose another: --listen 127\.0\.0\.1:\d+/)
  })

  test('that two names stand for are told to be one', async () => {
    const address = await take()
    await new Promise((resolve) => taken.pop()?.close(resolve))
    const adminListen = { host: 'localhost', port: address.port }
    const said = await refusal({ listen: address, adminListen })
    // Where `localhost` is ::1 alone, they are two.
    if (said !== '')
      assert.match(said, /^--admin-listen localhost:\d+: .*\nBoth are given the same port\.$/)
  })

  test('of no machine, or by no name, are told as what they are', async () => {
    const nowhere = await refusal({ listen: { host: '192.0.2.1', port: 0 }, adminListen: free })
    assert.match(nowhere, /^--listen 192\.0\.2\.1:0: this machine has no address 192\.0\.2\.1$/)
    const unnamed = await refusal({ listen: free, adminListen: { host: 'x.invalid', port: 0 } })
    assert.match(unnamed, /^--admin-listen x\.invalid:0: (there is no host|the name x\.invalid)/)
  })

  test('that need privileges are told so, with a port that needs none', () => {
    const address = { host: '0.0.0.0', port: 443 }
    const failure = listenFailure('--listen', address, bySystem('EACCES', 'listen'))
    assert.match(
      String(failure),
      /^ListenRefused: --listen 0\.0\.0\.0:443: this user may not listen/,
    )
    assert.match(String(failure), /--listen 0\.0\.0\.0:9443$/)
  })

  test('of IPv6 are told so on a machine without it', () => {
    for (const code of ['EAFNOSUPPORT', 'EADDRNOTAVAIL']) {
      const failure = listenFailure(
        '--listen',
        { host: '::', port: 9000 },
        bySystem(code, 'listen'),
      )
      assert.match(String(failure), /--listen \[::\]:9000: .*--listen 0\.0\.0\.0:9000$/)
    }
  })

  test('are not blamed for what a file does', () => {
    const cause = bySystem('EACCES', 'open')
    assert.strictEqual(listenFailure('--listen', free, cause), cause)
  })
})
