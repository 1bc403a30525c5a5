// Runs operations without HTTP: a `Call` goes in, a `Reply` comes out, and beneath them are the real
// embedded engines in a directory of their own. One tenant, whose root user calls.

import assert from 'node:assert'
import { createHash, randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { BlobNode } from '../../datanode/blob-node.ts'
import { DiskBlobStore } from '../../datanode/disk/disk-blob-store.ts'
import { realVfs } from '../../datanode/disk/real-vfs.ts'
import { authorizeRoot } from '../../gateway/access/authorize.ts'
import { rootUserName } from '../../gateway/access/identity.ts'
import {
  deriveTenantKeys,
  newRootKey,
  type TenantKeys,
} from '../../gateway/access/keys/tenant-keys.ts'
import { HashPool } from '../../gateway/data/digests/hash-pool.ts'
import { ReadLeases } from '../../gateway/data/read/read-leases.ts'
import { Ingest } from '../../gateway/data/write/ingest.ts'
import { IngestBudget } from '../../gateway/data/write/ingest-budget.ts'
import type { Reply } from '../../gateway/reply.ts'
import type { Call, Operation, RequestBody, Services } from '../../gateway/s3/operation.ts'
import { LmdbMetadataStore } from '../../metadata/lmdb/lmdb-metadata-store.ts'
import { defaultNamespace } from '../../metadata/namespaces.ts'
import type { Bucket, TenantId, VersioningStatus } from '../../metadata/records.ts'
import type { BlobRef } from '../../protocol/chunks/chunk-ref.ts'
import { loadChecksums } from '../../protocol/s3/checksums/streaming-digest.ts'
import { parseRequestTarget } from '../../protocol/s3/request-target.ts'
import { S3Error } from '../../protocol/s3/s3-error.ts'

export type HarnessRequest = {
  readonly bucket?: string
  readonly key?: string
  /** As in a URL, without the question mark. */
  readonly query?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: Buffer | string
  readonly trailers?: Readonly<Record<string, string>>
  /** The body's length is not told beforehand. */
  readonly withoutLength?: true
  /** Hex SHA-256 that the signature binds; `true`: the right one. */
  readonly signedSha256?: string | true
}

export class GatewayHarness {
  readonly services: Services
  /** Where the chunks of `services` lie. */
  readonly node: BlobNode
  readonly keys: TenantKeys
  /** Set it to let time pass. Milliseconds. */
  nowMs = Date.UTC(2026, 10, 21, 8, 0, 0)
  /** How many bodies of requests have been read, or begun to be. */
  bodiesRead = 0
  /** Ids of chunks that not even the segments have any more. */
  private readonly lost: Set<string>
  private readonly closers: readonly (() => Promise<void>)[]

  private constructor(parts: {
    services: Omit<Services, 'now'>
    node: BlobNode
    keys: TenantKeys
    lost: Set<string>
    closers: readonly (() => Promise<void>)[]
  }) {
    this.services = { ...parts.services, now: () => this.nowMs }
    this.node = parts.node
    this.keys = parts.keys
    this.lost = parts.lost
    this.closers = parts.closers
  }

  /** As if the disk had lost these chunks, which metadata still refer to. */
  async lose(chunks: readonly BlobRef[]): Promise<void> {
    for (const { id } of chunks) this.lost.add(id.toString('hex'))
    await this.services.blobs.delete(chunks)
  }

  static async open(
    options: Partial<Pick<Services, 'authorize' | 'region' | 'anyRegion'>> = {},
  ): Promise<GatewayHarness> {
    const path = await mkdtemp(join(tmpdir(), 'holdfast-gateway-'))
    const metadata = await LmdbMetadataStore.open({
      path: join(path, 'metadata'),
      random: randomBytes,
      role: 'primary',
    })
    const lost = new Set<string>()
    const blobs = await DiskBlobStore.open({
      isReferenced: async (refs) => {
        const referenced = await metadata.chunks.areReferenced(refs)
        return refs.map(({ id }, i) => referenced[i] === true && !lost.has(id.toString('hex')))
      },
      path: join(path, 'blobs'),
      role: 'primary',
      processId: randomBytes(8).toString('hex'),
      vfs: realVfs,
      nowMs: Date.now,
      randomBytes,
      segmentBytes: 64 * 1024 * 1024,
      reserveBytes: 0,
    })
    const hashPool = new HashPool({ threadsMax: 1 })
    const ingest = new Ingest({
      chunks: metadata.chunks,
      blobs,
      budget: new IngestBudget({ buffersMax: 8, nowMs: Date.now }),
      hashPool,
      checksums: await loadChecksums(),
      random: randomBytes,
      owner: 'test',
      nowMs: Date.now,
      onLeftover: (cause) => assert.fail(String(cause)),
    })
    const readLeases = new ReadLeases({
      leases: metadata.leases,
      random: randomBytes,
      nowMs: Date.now,
    })
    const { authorize = authorizeRoot, region = 'us-east-1', anyRegion = false } = options
    return new GatewayHarness({
      services: {
        metadata,
        blobs,
        ingest,
        readLeases,
        authorize,
        region,
        anyRegion,
      },
      node: blobs,
      lost,
      keys: deriveTenantKeys(parseTenantId('harness'), newRootKey(randomBytes)),
      closers: [
        () => readLeases.close(),
        () => hashPool.close(),
        () => blobs.close(),
        () => metadata.close(),
        () => rm(path, { recursive: true }),
      ],
    })
  }

  async makeBucket(name: string, versioning: VersioningStatus = 'off'): Promise<Bucket> {
    const { buckets } = this.services.metadata
    const made = await buckets.create({
      namespace: defaultNamespace,
      tenantId: this.keys.tenantId,
      name,
      region: 'us-east-1',
      createdMs: this.nowMs,
      tags: [],
    })
    if (versioning !== 'off') await buckets.setVersioning(made.bucket, versioning)
    return made.bucket
  }

  call(request: HarnessRequest): Call {
    const bucketName = request.bucket ?? ''
    const target = `/${bucketName}/${request.key ?? ''}`
    return {
      services: this.services,
      identity: {
        tenantId: this.keys.tenantId,
        userName: rootUserName,
        accessKeyId: 'AKIAHARNESS',
      },
      keys: this.keys,
      bucketName,
      key: request.key ?? '',
      query: parseRequestTarget(`/?${request.query ?? ''}`).query,
      headers: { ...request.headers },
      body: this.bodyOf(request),
      requestId: 'REQUEST',
      endpoint: 'http://127.0.0.1',
      rawPath: target,
    }
  }

  run(operation: Operation, request: HarnessRequest): Promise<Reply> {
    return operation(this.call(request))
  }

  /** The error an operation ends with; fails when it ends well. */
  async refusal(operation: Operation, request: HarnessRequest): Promise<S3Error> {
    try {
      await this.run(operation, request)
    } catch (cause) {
      if (cause instanceof S3Error) return cause
      throw cause
    }
    return assert.fail('the operation was not refused')
  }

  /** Does the follow-up work of everything deleted so far: references given back, blobs deleted. */
  async releaseAll(): Promise<void> {
    const { outbox } = this.services.metadata
    for (;;) {
      const tasks = await outbox.next(100)
      if (tasks.length === 0) return
      for (const task of tasks) {
        if (task.kind === 'release') {
          while ((await outbox.release(task)).is === 'more');
        } else {
          await this.services.blobs.delete([task.blob])
          await outbox.finish([task])
        }
      }
    }
  }

  async close(): Promise<void> {
    for (const close of this.closers) await close()
  }

  private bodyOf(request: HarnessRequest): RequestBody {
    const bytes = Buffer.from(request.body ?? '')
    const begin = () => {
      this.bodiesRead += 1
    }
    return {
      decodedBytes: request.withoutLength === true ? undefined : bytes.length,
      expectedSha256: request.signedSha256 === true ? sha256Hex(bytes) : request.signedSha256,
      async *stream() {
        begin()
        for (let at = 0; at < bytes.length; at += 65_536) yield bytes.subarray(at, at + 65_536)
      },
      trailer: (name) => request.trailers?.[name],
      announcedTrailers: Object.keys(request.trailers ?? {}),
      bytes: async () => {
        begin()
        return bytes
      },
    }
  }
}

function sha256Hex(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex')
}

function parseTenantId(text: string): TenantId {
  return text as TenantId
}

/** The whole body of a reply. */
export async function bodyOfReply(reply: Reply): Promise<Buffer> {
  const { body } = reply
  if (body === undefined) return Buffer.alloc(0)
  if (typeof body === 'string' || Buffer.isBuffer(body)) return Buffer.from(body)
  const pieces: Buffer[] = []
  for await (const batch of body.open()) pieces.push(...batch)
  return Buffer.concat(pieces)
}

/** A header of a reply, whatever its letter case. */
export function headerOf(reply: Reply, name: string): string | undefined {
  for (const [known, value] of Object.entries(reply.headers ?? {})) {
    if (known.toLowerCase() === name.toLowerCase() && value !== undefined) return String(value)
  }
  return undefined
}
