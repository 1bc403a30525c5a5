// The rows of `npm run bench` about clients that fetch a zip slowly: what they make the server hold.
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import type { Target } from './large-transfers.ts'
import { preparedRequest } from './prepared-requests.ts'
import { anonymousMiB } from './process-figures.ts'
import { spawnHoldfast } from './spawned-server.ts'
import type { OwnServerParts, Row } from './zip-bench.ts'
import { uploadFolder } from './zip-figures.ts'

const readers = 100
/** Between two reads of 64 KiB. */
const readPauseMs = 50
const watchedMs = 10_000
const settleMs = 1_500

/**
 * On servers of their own that have just started: their code is cold, and the sockets' buffers are filled at
 * full speed. A second wave finds what the first has left.
 */
export async function slowReaders(row: Row, parts: OwnServerParts): Promise<void> {
  for (const { label, count, bytes } of [
    { label: '64 MiB', count: 4, bytes: 64 * 1024 * 1024 },
    { label: '16 KiB', count: 10_000, bytes: 16 * 1024 },
  ]) {
    const data = join(parts.directory, `slow-${bytes}`)
    const before = await spawnHoldfast(data)
    const folder = await uploadFolder(parts.targetOf(before), { count, bytes })
    await before.stop()
    const server = await spawnHoldfast(data)
    try {
      const target = parts.targetOf(server)
      const first = await growthBySlowReaders(target, `${folder}/?zip`)
      const second = await growthBySlowReaders(target, `${folder}/?zip`)
      row(
        `${readers} slow readers of a zip of ${label}`,
        `memory grew by ${first.toFixed(0)} MiB`,
        `aim below 64; by ${second.toFixed(0)} the second time`,
      )
    } finally {
      await server.stop()
    }
  }
}

async function growthBySlowReaders(target: Target, path: string): Promise<number> {
  await setTimeout(settleMs)
  const idle = anonymousMiB(target.server.pid)
  const sockets = Array.from({ length: readers }, () => slowDownload(target, path))
  let highest = idle
  for (let waited = 0; waited < watchedMs; waited += 100) {
    await setTimeout(100)
    highest = Math.max(highest, anonymousMiB(target.server.pid))
  }
  for (const socket of sockets) socket.destroy()
  return highest - idle
}

function slowDownload(target: Target, path: string): Socket {
  const socket = connect({ port: target.server.port, host: '127.0.0.1' })
  socket.on('data', async () => {
    socket.pause()
    await setTimeout(readPauseMs)
    socket.resume()
  })
  socket.on('error', () => socket.destroy())
  socket.write(preparedRequest({ method: 'GET', target: path }, target.host, target.signing))
  return socket
}
