// The rows of `npm run bench` about zip downloads.
import { join } from 'node:path'
import type { Target } from './large-transfers.ts'
import { anonymousMiB } from './process-figures.ts'
import { type Spawned, spawnHoldfast } from './spawned-server.ts'
import { fillBucket, secondsToFirstByte, secondsToLastByte, zipBesideGets } from './zip-figures.ts'

export type Row = (what: string, figure: string, ratio?: string) => void

export type OwnServerParts = {
  readonly directory: string
  readonly targetOf: (server: Spawned) => Target
}

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

/** On a server of its own, whose bucket is filled while it does not run. */
export async function millionEntries(
  row: Row,
  parts: OwnServerParts & { readonly objects: number },
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
