// Runs operations without HTTP, as the gateway does once it knows who asks: what the operation takes, bucket,
// permission, handler. Beneath are the real embedded engines in a directory of their own. Unless a request says
// otherwise, the root user of the first tenant asks.
import assert from 'node:assert'
import { createHash, randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { BlobNode } from '../../datanode/blob-node.ts'
import { DiskBlobStore } from '../../datanode/disk/disk-blob-store.ts'
import { realVfs } from '../../datanode/disk/real-vfs.ts'
import { makeFindAddressedTenant } from '../../gateway/access/addressed-tenant.ts'
import { type Identity, rootUserName, type User } from '../../gateway/access/identity.ts'
import {
  deriveTenantKeys,
  newRootKey,
  type TenantKeys,
} from '../../gateway/access/keys/tenant-keys.ts'
import { openAccounts } from '../../gateway/access/open-accounts.ts'
import { operationHandlers } from '../../gateway/compose/operation-handlers.ts'
import { HashPool } from '../../gateway/data/digests/hash-pool.ts'
import { ReadLeases } from '../../gateway/data/read/read-leases.ts'
import { Ingest } from '../../gateway/data/write/ingest.ts'
import { IngestBudget } from '../../gateway/data/write/ingest-budget.ts'
import type { NativeCall } from '../../gateway/native-api/native-route.ts'
import type { Reply } from '../../gateway/reply.ts'
import { KnownAccounts } from '../../gateway/s3/acl/known-accounts.ts'
import type { Client, Handlers, RequestBody, Services } from '../../gateway/s3/operation.ts'
import { newNotes } from '../../gateway/s3/request-notes.ts'
import { type Arrived, formCall, runOperation } from '../../gateway/s3/run-operation.ts'
import { ZipService } from '../../gateway/zip/zip-service.ts'
import { defaultNamespace } from '../../metadata/namespaces.ts'
import type { Bucket, TenantId, VersioningStatus } from '../../metadata/records.ts'
import type { BlobRef } from '../../protocol/chunks/chunk-ref.ts'
import { loadChecksums } from '../../protocol/s3/checksums/streaming-digest.ts'
import { matchOperation } from '../../protocol/s3/match-operation.ts'
import type { OperationRow } from '../../protocol/s3/operation-row.ts'
import { type OperationName, operations } from '../../protocol/s3/operations-table.ts'
import { parseRequestTarget } from '../../protocol/s3/request-target.ts'
import { S3Error } from '../../protocol/s3/s3-error.ts'
import { doTasks } from './do-tasks.ts'
import { openMetadataUnderTest } from './metadata-under-test.ts'
import { authorizeBy, type Policy } from './policy.ts'

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
  /** Who asks. */
  readonly by?: Identity
  /** In place of the harness's own. */
  readonly services?: Partial<Services>
}

/** The function of an operation, or one in its place, under its name. */
export type Asked = Handlers[OperationName] | Partial<Handlers>

export type HarnessTenant = { readonly keys: TenantKeys; readonly root: User }

export class GatewayHarness {
  readonly services: Services
  /** Where the chunks of `services` lie. */
  readonly node: BlobNode
  /** The first tenant's. */
  readonly keys: TenantKeys
  readonly root: User
  /** That all names are in. */
  readonly namespace = defaultNamespace
  private readonly tenants = new Map<TenantId, TenantKeys>()
  private readonly handlers: Handlers
  /** Set it to let time pass. Milliseconds. */
  nowMs = Date.UTC(2026, 10, 21, 8, 0, 0)
  /** How many bodies of requests have been read, or begun to be. */
  bodiesRead = 0
  /** Ids of chunks that not even the segments have any more. */
  private readonly lost: Set<string>
  private readonly closers: readonly (() => Promise<void>)[]

  private constructor(parts: {
    services: Omit<Services, 'now' | 'keysOfTenant'>
    node: BlobNode
    lost: Set<string>
    closers: readonly (() => Promise<void>)[]
  }) {
    const keysOfTenant = (tenantId: TenantId) => this.tenants.get(tenantId)
    this.services = { ...parts.services, keysOfTenant, now: () => this.nowMs }
    this.node = parts.node
    const { keys, root } = this.addTenant('harness')
    this.keys = keys
    this.root = root
    const { metadata, blobs, now } = this.services
    this.handlers = operationHandlers({
      authenticateForm: () => assert.fail('forms have a handler of their own'),
      zip: new ZipService({
        metadata,
        blobs,
        random: randomBytes,
        now,
        clock: () => performance.now(),
      }),
    })
    this.lost = parts.lost
    this.closers = parts.closers
  }

  /** As if the disk had lost these chunks, which metadata still refer to. */
  async lose(chunks: readonly BlobRef[]): Promise<void> {
    for (const { id } of chunks) this.lost.add(id.toString('hex'))
    await this.services.blobs.delete(chunks)
  }

  static async open(
    options: Partial<
      Pick<Services, 'region' | 'anyRegion' | 'blockPublicAccess' | 'objectOwnership'>
    > & {
      authorize?: Policy
    } = {},
  ): Promise<GatewayHarness> {
    const path = await mkdtemp(join(tmpdir(), 'holdfast-gateway-'))
    const metadata = await openMetadataUnderTest(path)
    await metadata.owners.begin('test', 3_600_000)
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
      owner: () => 'test',
      nowMs: Date.now,
      onLeftover: (cause) => assert.fail(String(cause)),
    })
    const readLeases = new ReadLeases({
      leases: metadata.leases,
      random: randomBytes,
      owner: () => 'test',
      nowMs: Date.now,
    })
    const { authorize, region = 'us-east-1', anyRegion = false } = options
    const { blockPublicAccess = true, objectOwnership = 'BucketOwnerEnforced' } = options
    const { authorize: byPolicies, permissions, accountBlocks } = openAccounts(metadata)
    return new GatewayHarness({
      services: {
        metadata,
        blobs,
        ingest,
        readLeases,
        findAddressed: makeFindAddressedTenant(metadata),
        authorize: authorize === undefined ? byPolicies : authorizeBy(authorize),
        quotas: { look: () => undefined },
        region,
        anyRegion,
        blockPublicAccess,
        objectOwnership,
        permissions,
        accountBlocks,
        accounts: new KnownAccounts(metadata.tenants),
      },
      node: blobs,
      lost,
      closers: [
        () => readLeases.close(),
        () => hashPool.close(),
        () => blobs.close(),
        () => metadata.close(),
        () => rm(path, { recursive: true }),
      ],
    })
  }

  addTenant(name: string): HarnessTenant {
    const tenantId = parseTenantId(name)
    const keys = deriveTenantKeys(tenantId, newRootKey(randomBytes))
    this.tenants.set(tenantId, keys)
    return {
      keys,
      root: {
        is: 'user',
        tenantId,
        userName: rootUserName,
        namespace: defaultNamespace,
        accessKeyId: 'AKIAROOT',
      },
    }
  }

  async makeBucket(
    name: string,
    versioning: VersioningStatus = 'off',
    owner: TenantId = this.keys.tenantId,
  ): Promise<Bucket> {
    const { buckets } = this.services.metadata
    const made = await buckets.create({
      namespace: this.namespace,
      tenantId: owner,
      name,
      region: 'us-east-1',
      createdMs: this.nowMs,
    })
    if (versioning !== 'off') await buckets.setVersioning(made.bucket, versioning)
    return made.bucket
  }

  async run(asked: Asked, request: HarnessRequest): Promise<Reply> {
    const { name, handlers } = this.find(asked)
    const row: OperationRow = operations[name]
    const arrived = this.arrived(request, row)
    const { address, query, headers } = arrived
    assert.equal(matchOperation({ method: row.method, address, query, headers }), name)
    if (name === 'PostObject') return handlers.PostObject(formCall(arrived))
    const { body } = arrived
    const identity = request.by ?? this.root
    return runOperation(handlers, name, { identity, request: arrived, body })
  }

  /** A request below `/-/`, for its route. `body` is sent as it is. */
  nativeCall(
    request: Pick<HarnessRequest, 'query' | 'headers' | 'body' | 'by'> & {
      readonly method?: string
    } = {},
  ): NativeCall {
    const { query, headers, context, services, body, endpoint } = this.arrived(request)
    const { method = 'GET', by = this.root } = request
    return {
      ...{
        services,
        notes: newNotes(undefined),
        client: patientClient,
        method,
        query,
        headers,
        context,
        endpoint,
      },
      authenticate: async () => {
        if (by.is === 'anonymous') throw new S3Error('AccessDenied')
        const signer = { accessKeyId: by.accessKeyId, secretAccessKey: 'secret' }
        return { identity: by, signer, body }
      },
      unsignedBody: () => body,
    }
  }

  private find(asked: Asked): { readonly name: OperationName; readonly handlers: Handlers } {
    const handlers = typeof asked === 'function' ? this.handlers : { ...this.handlers, ...asked }
    const wanted = typeof asked === 'function' ? asked : Object.values(asked)[0]
    for (const name of operationNames) if (handlers[name] === wanted) return { name, handlers }
    return assert.fail('the function of no operation: give it a name')
  }

  private arrived(request: HarnessRequest, row?: OperationRow): Arrived & { body: RequestBody } {
    const { bucket, key } = request
    const headers = { ...request.headers }
    const { query } = parseRequestTarget(`/?${withSelectors(request.query ?? '', row)}`)
    const services = { ...this.services, ...request.services }
    return {
      services,
      notes: newNotes(undefined),
      client: patientClient,
      address: {
        ...(bucket === undefined ? {} : { bucket }),
        ...(key ? { key } : {}),
        ...(row?.control === undefined ? {} : { control: row.control }),
      },
      context: {
        headers,
        query,
        isEncrypted: false,
        userAgent: undefined,
        referer: undefined,
        signature: () => undefined,
        sourceIp: () => '127.0.0.1',
        now: services.now,
      },
      query,
      headers,
      body: this.bodyOf(request),
      requestId: 'REQUEST',
      endpoint: 'http://127.0.0.1',
      rawPath: `/${bucket ?? ''}/${key ?? ''}`,
    }
  }

  /** The error an operation ends with; fails when it ends well. */
  async refusal(asked: Asked, request: HarnessRequest): Promise<S3Error> {
    try {
      await this.run(asked, request)
    } catch (cause) {
      if (cause instanceof S3Error) return cause
      throw cause
    }
    return assert.fail('the operation was not refused')
  }

  /** Does the follow-up work of everything deleted so far: references given back, blobs deleted. */
  async releaseAll(): Promise<void> {
    const { metadata, blobs } = this.services
    await doTasks(metadata.outbox, (blob) => blobs.delete([blob]))
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

const operationNames = Object.keys(operations) as OperationName[]

/** What makes a request one for the operation need not be said again. */
function withSelectors(query: string, row: OperationRow | undefined): string {
  const given = query.split('&').map((parameter) => parameter.split('=')[0])
  const missing = (row?.query ?? []).filter((name) => !given.includes(name))
  return [query, ...missing].filter((parameter) => parameter !== '').join('&')
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

const neverAborted = new AbortController().signal
/** One that waits for his answer. */
const patientClient: Client = { hungUp: () => neverAborted }
