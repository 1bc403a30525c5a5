// What an archive costs beside plain GETs of the same bytes, and how long a million entries take to
// their first byte.

import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { connect } from 'node:net'
import { join } from 'node:path'
import { rootTenantId } from '../../gateway/access/identity.ts'
import { LmdbMetadataStore } from '../../metadata/lmdb/lmdb-metadata-store.ts'
import { defaultNamespace } from '../../metadata/namespaces.ts'
import { runLoad } from './http-load.ts'
import type { Target } from './large-transfers.ts'
import { preparedRequest } from './prepared-requests.ts'
import { cpuSeconds } from './process-figures.ts'

const rounds = 4

export type ZipFigures = {
  readonly gigabytesPerSecond: number
  readonly cpuSecondsPerGigabyte: number
}

export type ZipBeside = {
  /** One GET after the other on one connection. */
  readonly gets: ZipFigures
  readonly zip: ZipFigures
}

export type UploadedObjects = { readonly count: number; readonly bytes: number }

/** Uploads the objects, then fetches them by GETs and as one zip in turn. */
export async function zipBesideGets(target: Target, objects: UploadedObjects): Promise<ZipBeside> {
  const folder = await uploadFolder(target, objects)
  const keys = Array.from({ length: objects.count }, (_, index) => `${folder}/${index}`)
  const sums = { gets: { seconds: 0, cpu: 0, bytes: 0 }, zip: { seconds: 0, cpu: 0, bytes: 0 } }
  for (let round = 0; round <= rounds; round += 1) {
    for (const [kind, targets] of [
      ['gets', keys],
      ['zip', [`${folder}/?zip`]],
    ] as const) {
      const measured = await measure(target, targets)
      // The first round warms up.
      if (round === 0) continue
      sums[kind].seconds += measured.seconds
      sums[kind].cpu += measured.cpu
      sums[kind].bytes += measured.bytes
    }
  }
  return { gets: figuresOf(sums.gets), zip: figuresOf(sums.zip) }
}

/** The path of a folder of a new bucket. */
export async function uploadFolder(target: Target, objects: UploadedObjects): Promise<string> {
  const { count, bytes } = objects
  const bucket = `/bench-zip-${bytes}`
  const folder = `${bucket}/folder`
  const create = prepare(target, { method: 'PUT', target: bucket })
  const load = { port: target.server.port, seconds: 120 }
  await runLoad({ ...load, connections: 1, requests: 1, request: () => create })
  await runLoad({
    ...load,
    connections: 2,
    requests: count,
    request: (index) =>
      prepare(target, { method: 'PUT', target: `${folder}/${index}`, body: randomBytes(bytes) }),
  })
  return folder
}

type Measured = { readonly seconds: number; readonly cpu: number; readonly bytes: number }

function figuresOf({ seconds, cpu, bytes }: Measured): ZipFigures {
  const gigabytes = bytes / 1e9
  return { gigabytesPerSecond: gigabytes / seconds, cpuSecondsPerGigabyte: cpu / gigabytes }
}

async function measure(target: Target, targets: readonly string[]): Promise<Measured> {
  const requests = targets.map((path) => prepare(target, { method: 'GET', target: path }))
  const before = cpuSeconds(target.server.pid)
  const result = await runLoad({
    port: target.server.port,
    connections: 1,
    requests: requests.length,
    seconds: 120,
    request: (index) => requests[index] ?? Buffer.alloc(0),
  })
  const cpu = cpuSeconds(target.server.pid) - before
  return { seconds: result.seconds, cpu, bytes: result.bodyBytes }
}

type Sketch = Parameters<typeof preparedRequest>[0]

function prepare(target: Target, sketch: Sketch): Buffer {
  return preparedRequest(sketch, target.host, target.signing)
}

/** Seconds from the request to the first byte of the answer, which is fetched no further. */
export async function secondsToFirstByte(target: Target, path: string): Promise<number> {
  const started = performance.now()
  const socket = connect({ port: target.server.port, host: '127.0.0.1' })
  socket.write(prepare(target, { method: 'GET', target: path }))
  const [head] = await once(socket, 'data')
  const seconds = (performance.now() - started) / 1000
  socket.destroy()
  if (!/^HTTP\/1.1 200 /.test(String(head))) throw new Error(String(head))
  return seconds
}

/** Seconds of a whole download. */
export async function secondsToLastByte(target: Target, path: string): Promise<number> {
  return (await measure(target, [path])).seconds
}

/**
 * Commits empty objects to the metadata of a server that is not running: uploading a million of them
 * is another bench. `data` is the server's data directory, which the server has used before.
 */
export async function fillBucket(data: string, name: string, objects: number): Promise<void> {
  const path = join(data, 'metadata')
  const store = await LmdbMetadataStore.open({ path, random: randomBytes, role: 'primary' })
  try {
    const { bucket: made } = await store.buckets.create({
      namespace: defaultNamespace,
      tenantId: rootTenantId,
      name,
      region: 'us-east-1',
      createdMs: Date.now(),
    })
    const batch = 2_000
    for (let from = 0; from < objects; from += batch) {
      await Promise.all(
        Array.from({ length: Math.min(batch, objects - from) }, (_, index) =>
          store.objects.commit({
            bucket: made,
            key: `data/folder-${Math.floor((from + index) / 1000)}/file-${from + index}.txt`,
            nowMs: Date.now(),
            content: {
              size: 0,
              etag: 'd41d8cd98f00b204e9800998ecf8427e',
              crc32: 0,
              headers: {},
              userMetadata: {},
              tags: [],
              storageClass: 'STANDARD',
              data: { is: 'inline', sealed: Buffer.alloc(0) },
            },
          }),
        ),
      )
    }
  } finally {
    await store.close()
  }
}
