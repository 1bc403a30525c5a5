// `npm run bench`: Holdfast beside a bare `node:http` server, the raw disk and the raw digests, all in
// one run, because only ratios mean something on a shared machine. `--objects N` sets the size of the
// large listing (default 1,000,000).
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { rootTenantId } from '../../gateway/access/identity.ts'
import { deriveTenantKeys } from '../../gateway/access/keys/tenant-keys.ts'
import { SigningKeyCache } from '../../protocol/s3/sigv4/signing-keys.ts'
import { runLoad } from './http-load.ts'
import { getLarge, putLarge, type Target } from './large-transfers.ts'
import { listingFigures } from './listing-figures.ts'
import { preparedRequest } from './prepared-requests.ts'
import { cpuSeconds, memoryMiB } from './process-figures.ts'
import {
  diskWriteSpeed,
  hashSpeed,
  sealedReadSpeed,
  syncedAppendsPerSecond,
} from './raw-figures.ts'
import { slowReaders } from './slow-readers.ts'
import { benchKey, type Spawned, spawnBareServer, spawnHoldfast } from './spawned-server.ts'
import { millionEntries, zipRows } from './zip-bench.ts'

const { values } = parseArgs({ options: { objects: { type: 'string', default: '1000000' } } })
const seconds = 5
const rows: [what: string, figure: string, ratio: string][] = []

function row(what: string, figure: string, ratio = ''): void {
  rows.push([what, figure, ratio])
  console.log(`${what.padEnd(44)} ${figure.padEnd(34)} ${ratio}`)
}

const directory = await mkdtemp(join(tmpdir(), 'holdfast-bench-'))
const server = await spawnHoldfast(join(directory, 'data'))
const bare = await spawnBareServer()
try {
  const target = targetOf(server)
  row('idle memory', `${memoryMiB(server.pid).now.toFixed(0)} MiB`)
  await prepare(target)
  await smallGets(target, bare)
  await smallPuts(target)
  await largeObjects(target)
  row(
    'memory after all that',
    `${memoryMiB(server.pid).now.toFixed(0)} MiB`,
    `peak ${memoryMiB(server.pid).peak.toFixed(0)} MiB`,
  )
  await zipRows(row, target)
  await slowReaders(row, { directory, targetOf })
  const { userRows } = await import('./user-figures.ts')
  await userRows(row, target)
  await clusterRows()
  await listings()
  await millionEntries(row, { directory, objects: Number(values.objects), targetOf })
} finally {
  await server.stop()
  await bare.stop()
  await rm(directory, { recursive: true, force: true })
}

/**
 * Their clients, and those of users, are loaded when all that this process sends and receives itself has been measured: with them in it, it reads
 * large answers at two thirds of the speed, whatever the server is.
 */
async function clusterRows(): Promise<void> {
  const { metadataRows } = await import('./metadata-figures.ts')
  const { roundTripRows } = await import('./round-trip-figures.ts')
  const { blobRows } = await import('./blob-figures.ts')
  await metadataRows(row, { directory, tenantId: rootTenantId })
  await roundTripRows(row)
  await blobRows(row, directory)
}

function targetOf(spawned: Spawned): Target {
  return {
    server: spawned,
    host: `127.0.0.1:${spawned.port}`,
    signing: {
      credentials: { ...benchKey, region: 'us-east-1' },
      signingKeys: new SigningKeyCache({ entriesMax: 10 }),
      nowMs: Date.now(),
    },
  }
}

async function prepare(target: Target): Promise<void> {
  for (const path of ['/bench-small', '/bench-large']) await once(target, 'PUT', path)
  for (let index = 0; index < 1_000; index += 1) {
    await once(target, 'PUT', `/bench-small/get-${index}`, randomBytes(1024))
  }
}

function once(target: Target, method: string, path: string, body?: Buffer): Promise<unknown> {
  const sketch = { method, target: path, ...(body === undefined ? {} : { body }) }
  const request = preparedRequest(sketch, target.host, target.signing)
  return runLoad({
    port: target.server.port,
    connections: 1,
    requests: 1,
    seconds: 10,
    request: () => request,
  })
}

async function smallGets(target: Target, bareServer: Spawned): Promise<void> {
  const plain = Buffer.from(`GET / HTTP/1.1\r\nhost: 127.0.0.1:${bareServer.port}\r\n\r\n`)
  const gets = Array.from({ length: 1_000 }, (_, index) =>
    preparedRequest(
      { method: 'GET', target: `/bench-small/get-${index}` },
      target.host,
      target.signing,
    ),
  )
  const load = { connections: 32, requests: Number.POSITIVE_INFINITY, seconds }
  await runLoad({ ...load, seconds: 1, port: bareServer.port, request: () => plain })
  const yardstick = await runLoad({ ...load, port: bareServer.port, request: () => plain })
  const request = (index: number) => gets[index % gets.length] ?? plain
  await runLoad({ ...load, seconds: 2, port: target.server.port, request })
  const before = cpuSeconds(target.server.pid)
  const signed = await runLoad({ ...load, port: target.server.port, request })
  const micros = ((cpuSeconds(target.server.pid) - before) / signed.requests) * 1e6
  row('bare node:http GET 1 KiB, 32 connections', `${yardstick.perSecond.toFixed(0)}/s`, '1')
  row(
    'signed GET 1 KiB, 32 connections',
    `${signed.perSecond.toFixed(0)}/s, ${micros.toFixed(0)} µs CPU, p99 ${signed.p99.toFixed(1)} ms`,
    `${(signed.perSecond / yardstick.perSecond).toFixed(2)} of bare (aim 0.35)`,
  )
}

async function smallPuts(target: Target): Promise<void> {
  row(
    'raw disk, 4 KiB append + fdatasync, 1 writer',
    `${(await syncedAppendsPerSecond(directory)).toFixed(0)}/s`,
  )
  for (const [label, bytes] of [
    ['4 KiB', 4096],
    ['16 KiB', 16_384],
  ] as const) {
    const bodies = Array.from({ length: 40_000 }, (_, index) => {
      const body = randomBytes(bytes)
      return preparedRequest(
        { method: 'PUT', target: `/bench-small/put-${bytes}-${index}`, body },
        target.host,
        target.signing,
      )
    })
    const before = cpuSeconds(target.server.pid)
    const puts = await runLoad({
      port: target.server.port,
      connections: 64,
      requests: bodies.length,
      seconds,
      request: (index) => bodies[index] ?? Buffer.alloc(0),
    })
    const micros = ((cpuSeconds(target.server.pid) - before) / puts.requests) * 1e6
    row(
      `durable PUT ${label}, 64 connections`,
      `${puts.perSecond.toFixed(0)}/s, ${micros.toFixed(0)} µs CPU, p99 ${puts.p99.toFixed(1)} ms`,
      bytes === 4096 ? 'aim 10,000/s' : '',
    )
  }
}

async function largeObjects(target: Target): Promise<void> {
  const keys = deriveTenantKeys(rootTenantId, randomBytes(32))
  const md5 = hashSpeed('md5')
  row('MD5 / SHA-256, one thread', `${md5.toFixed(2)} / ${hashSpeed('sha256').toFixed(2)} GB/s`)
  const disk = await diskWriteSpeed(directory)
  row('raw disk, 256 MiB + fdatasync', `${disk.toFixed(2)} GB/s`)
  const sealed = await sealedReadSpeed(directory, keys)
  row('raw sealed read (pread, GCM)', `${sealed.toFixed(2)} GB/s`, '1')
  for (const payload of ['signed', 'unsigned'] as const) {
    const put = await putLarge(target, { mebibytes: 64, payload })
    row(
      `PUT 64 MiB, ${payload} payload`,
      `${put.gigabytesPerSecond.toFixed(2)} GB/s, ${put.cpuSecondsPerGigabyte.toFixed(2)} CPU s/GB`,
      `${(put.gigabytesPerSecond / md5).toFixed(2)} of MD5, ${(put.gigabytesPerSecond / disk).toFixed(2)} of disk (aim 0.35 GB/s)`,
    )
  }
  const get = await getLarge(target, 64)
  row(
    'GET 64 MiB',
    `${get.gigabytesPerSecond.toFixed(2)} GB/s, ${get.cpuSecondsPerGigabyte.toFixed(2)} CPU s/GB`,
    `${(get.gigabytesPerSecond / sealed).toFixed(2)} of the sealed read (aim 0.7)`,
  )
}

async function listings(): Promise<void> {
  const counts = [10_000, Number(values.objects)]
  const [small, large] = await listingFigures(join(directory, 'listing'), rootTenantId, counts)
  if (small === undefined || large === undefined) throw new Error('no listing figures')
  row(`list 1,000 of ${small.objects}`, `${small.millisecondsPerPage.toFixed(2)} ms`, '1')
  row(
    `list 1,000 of ${large.objects}`,
    `${large.millisecondsPerPage.toFixed(2)} ms`,
    `${(large.millisecondsPerPage / small.millisecondsPerPage).toFixed(2)} (aim below 2)`,
  )
}
