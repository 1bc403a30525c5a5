// The proxy does what tests of faults take for granted.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { describe } from './describe.ts'
import { TcpProxy } from './tcp-proxy.ts'

async function withEcho(body: (proxy: TcpProxy) => Promise<void>): Promise<void> {
  const sockets = new Set<Socket>()
  const echo = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => socket.destroy())
    socket.pipe(socket)
  }).listen(0, '127.0.0.1')
  await once(echo, 'listening')
  const proxy = await TcpProxy.listen((echo.address() as AddressInfo).port)
  try {
    await body(proxy)
  } finally {
    await proxy.close()
    for (const socket of sockets) socket.destroy()
    echo.close()
  }
}

function dial(proxy: TcpProxy) {
  const socket = connect(proxy.port, '127.0.0.1')
  let heard = ''
  let isClosed = false
  socket.on('data', (piece) => {
    heard += piece.toString()
  })
  socket.on('error', () => undefined)
  socket.on('close', () => {
    isClosed = true
  })
  return { socket, heard: () => heard, isClosed: () => isClosed }
}

async function eventually(what: string, holds: () => boolean): Promise<void> {
  for (let tries = 0; tries < 600; tries += 1) {
    if (holds()) return
    await wait(10)
  }
  assert.fail(`never happened: ${what}`)
}

describe('a TCP proxy', (test) => {
  test('carries both ways, and counts', () =>
    withEcho(async (proxy) => {
      const { socket, heard } = dial(proxy)
      socket.write('hello')
      await eventually('the echo', () => heard() === 'hello')
      assert.deepEqual(proxy.bytes, { requests: 5, answers: 5 })
      assert.equal(proxy.connections, 1)
      socket.end()
      await eventually('it has ended', () => proxy.connections === 0)
    }))

  test('holds answers until they may flow, and loses those that it drops', () =>
    withEcho(async (proxy) => {
      const { socket, heard } = dial(proxy)
      proxy.hold('answers')
      socket.write('one')
      await eventually('the server has answered', () => proxy.bytes.answers === 3)
      await wait(20)
      assert.equal(heard(), '')
      proxy.flow()
      await eventually('what was held', () => heard() === 'one')
      proxy.drop('answers')
      socket.write('two')
      await eventually('the server has answered', () => proxy.bytes.answers === 6)
      proxy.flow()
      socket.write('three')
      await eventually('what came later', () => heard() === 'onethree')
    }))

  test('cuts connections, also in the middle of an answer, and refuses new ones', () =>
    withEcho(async (proxy) => {
      const first = dial(proxy)
      proxy.cutAfter('answers', 4)
      first.socket.write('0123456789')
      await eventually('it was cut', first.isClosed)
      assert.equal(first.heard(), '0123')
      proxy.refuse()
      const second = dial(proxy)
      await eventually('it was refused', second.isClosed)
      proxy.flow()
      const third = dial(proxy)
      third.socket.write('again')
      await eventually('it serves again', () => third.heard() === 'again')
      proxy.cut()
      await eventually('it was cut', third.isClosed)
      assert.equal(proxy.accepted, 2)
    }))
})
