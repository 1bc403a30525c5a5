// The rows of `npm run bench` about zip downloads.
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import type { Target } from './large-transfers.ts'
import { preparedRequest } from './prepared-requests.ts'
import { anonymousMiB } from './process-figures.ts'
import { type Spawned, spawnHoldfast } from './spawned-server.ts'
import { fillBucket, secondsToFirstByte, secondsToLastByte, zipBesideGets } from './zip-figures.ts'

type Row = (what: string, figure: string, ratio?: string) => void

export async function zipRows(row: Row, target: Target): Promise<void> {
  for (const { label, count, bytes, aim } of [
    { label: '8 × 64 MiB', count: 8, bytes: 64 * 1024 * 1024, aim: ' (aim 0.9)' },
    { label: '64 × 1 MiB', count: 64, bytes: 1024 * 1024, aim: '' },
    { label: '2,000 × 16 KiB', count: 2_000, bytes: 16 * 1024, aim: '' },
    { label: '5,000 × 1 KiB', count: 5_000, bytes: 1024, aim: '' },
  ]) {
    const { gets, zip } = await zipBesideGets(target, { count, bytes })
    row(
      `zip of ${label}`,
      `${zip.gigabytesPerSecond.toFixed(2)} GB/s, ${zip.cpuSecondsPerGigabyte.toFixed(2)} CPU s/GB`,
      `${(zip.gigabytesPerSecond / gets.gigabytesPerSecond).toFixed(2)} of ${gets.gigabytesPerSecond.toFixed(2)} GB/s by GETs${aim}, ${(gets.cpuSecondsPerGigabyte / zip.cpuSecondsPerGigabyte).toFixed(2)} by CPU`,
    )
  }
}

const readers = 100
const readPauseMs = 50
const watchedMs = 10_000

/**
 * Clients that take 64 KiB every now and then: what they make the server hold. The first hundred fill
 * the sockets' buffers at full speed, and so what the engine lets gather before it collects; both are
 * told.
 */
export async function slowReaders(row: Row, target: Target): Promise<void> {
  const first = await growthBySlowReaders(target)
  await setTimeout(1000)
  const second = await growthBySlowReaders(target)
  row(
    `${readers} slow readers of a zip`,
    `memory grew by ${second.toFixed(0)} MiB`,
    `aim below 64; by ${first.toFixed(0)} the first time`,
  )
}

async function growthBySlowReaders(target: Target): Promise<number> {
  const path = `/bench-zip-${64 * 1024 * 1024}/folder/?zip`
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

/** On a server of its own, whose bucket is filled while it does not run. */
export async function millionEntries(
  row: Row,
  parts: {
    readonly directory: string
    readonly objects: number
    readonly targetOf: (server: Spawned) => Target
  },
): Promise<void> {
  const { objects } = parts
  const data = join(parts.directory, 'million')
  await (await spawnHoldfast(data)).stop()
  await fillBucket(data, 'million', objects)
  const server = await spawnHoldfast(data)
  try {
    const target = parts.targetOf(server)
    const idle = anonymousMiB(server.pid)
    const path = '/million/data/?zip'
    const first = await secondsToFirstByte(target, path)
    row(`zip of ${objects} entries, first byte`, `${first.toFixed(1)} s`)
    const again = await secondsToFirstByte(target, path)
    row('… when nothing has changed', `${again.toFixed(1)} s`)
    const whole = await secondsToLastByte(target, path)
    const grown = anonymousMiB(server.pid) - idle
    row('… whole', `${whole.toFixed(1)} s`, `memory grew by ${grown.toFixed(0)} MiB (aim below 64)`)
  } finally {
    await server.stop()
  }
}
