// What the contract tests of a metadata engine start from: an opened store, and short ways to make
// buckets, contents and chunks. Ids and contents come from a seed.

import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import type {
  BucketRef,
  ClaimedChunk,
  Committed,
  MetadataStore,
  NewPieceData,
  NewVersion,
  WriteCondition,
} from '../../metadata/metadata-store.ts'
import { defaultNamespace, type Namespace, parseNamespace } from '../../metadata/namespaces.ts'
import type { Task } from '../../metadata/outbox-store.ts'
import { parseChunkListId, parseTenantId } from '../../metadata/record-ids.ts'
import type { Bucket, ChunkListId, TenantId, VersionId } from '../../metadata/records.ts'
import { parseChunkId, parseGeneration } from '../../protocol/chunks/chunk-ref.ts'
import { doTasks } from '../support/do-tasks.ts'

export type OpenedStore = {
  readonly store: MetadataStore
  /** How many processes' engines answer in turn, each of which remembers for itself whose turn is next. Default: 1. */
  readonly engines?: number
  close(): Promise<void>
}
/** Opens a fresh, empty store. */
export type OpenStore = () => Promise<OpenedStore>

export const tenantId = tenant('root')

export function tenant(name: string): TenantId {
  const id = parseTenantId(name)
  assert.ok(id)
  return id
}

export function namespace(name: string): Namespace {
  const parsed = parseNamespace(name)
  assert.ok(parsed)
  return parsed
}
/** An owner that lives in every store that a test is handed. */
export const processOwner = 'p'
const lifeMs = 3_600_000

/** Opens a store for the length of one test. */
export async function withStore(
  open: OpenStore,
  body: (store: MetadataStore, opened: { readonly engines: number }) => Promise<void>,
): Promise<void> {
  const { store, engines = 1, close } = await open()
  try {
    await beginOwner(store, processOwner)
    await body(store, { engines })
  } finally {
    await close()
  }
}

export async function beginOwner(store: MetadataStore, owner: string): Promise<void> {
  assert.deepEqual(await store.owners.begin(owner, lifeMs), { is: 'living' })
}

/** What a server does once an owner has ended; answers how many lists that were. */
export async function clearOwner(store: MetadataStore, owner: string): Promise<number> {
  await store.owners.end(owner)
  const lists = await store.chunks.abandonListsOf(owner, 100)
  await store.owners.forget(owner)
  return lists
}

export async function makeBucket(
  store: MetadataStore,
  name: string,
  versioning: Bucket['versioning'] = 'off',
): Promise<Bucket> {
  const made = await store.buckets.create({
    namespace: defaultNamespace,
    tenantId,
    name,
    region: 'us-east-1',
    createdMs: 1_700_000_000_000,
  })
  assert.equal(made.is, 'created')
  if (versioning === 'off') return made.bucket
  await store.buckets.setVersioning(made.bucket, versioning)
  const bucket = await store.buckets.get(defaultNamespace, name)
  assert.ok(bucket)
  return bucket
}

export type PutOptions = {
  readonly body?: string
  readonly data?: NewPieceData
  readonly size?: number
  readonly condition?: WriteCondition
  readonly nowMs?: number
}

export function newVersion(bucket: BucketRef, key: string, options: PutOptions = {}): NewVersion {
  const body = options.body ?? key
  const sealed = Buffer.from(body)
  return {
    bucket,
    key,
    content: {
      size: options.size ?? sealed.length,
      etag: etagOf(body),
      crc32: 7,
      headers: { contentType: 'text/plain' },
      userMetadata: {},
      tags: [],
      storageClass: 'STANDARD',
      data: options.data ?? { is: 'inline', sealed },
    },
    ...(options.condition && { condition: options.condition }),
    nowMs: options.nowMs ?? 1_700_000_000_000,
  }
}

export async function put(
  store: MetadataStore,
  bucket: BucketRef,
  key: string,
  options: PutOptions = {},
): Promise<Committed> {
  const answer = await store.objects.commit(newVersion(bucket, key, options))
  assert.equal(answer.is, 'committed')
  return answer
}

export async function remove(
  store: MetadataStore,
  bucket: BucketRef,
  key: string,
  versionId?: VersionId,
) {
  const nowMs = 1_700_000_000_000
  const named = versionId === undefined ? {} : { versionId }
  const answer = await store.objects.delete({ bucket, key, nowMs, ...named })
  assert.equal(answer.is, 'deleted')
  return answer
}

/** The etag of the current object, `marker`, or undefined: enough to tell versions apart. */
export async function look(
  store: MetadataStore,
  bucket: BucketRef,
  key: string,
  versionId?: VersionId,
): Promise<string | undefined> {
  const found = await store.objects.get(bucket, key, versionId)
  if (found === undefined) return undefined
  return found.is === 'deleteMarker' ? 'marker' : found.etag
}

export function etagOf(body: string): string {
  return createHash('md5').update(body).digest('hex')
}

/** A chunk of 4 MiB whose id follows from its name. */
export function chunk(
  name: string,
  generation: number,
  origin: ClaimedChunk['origin'] = 'written',
): ClaimedChunk {
  const id = parseChunkId(createHash('sha256').update(name).digest())
  return { id, generation: parseGeneration(generation), length: 4_194_304, crc32: 1, origin }
}

export function chunks(...claims: readonly ClaimedChunk[]): NewPieceData {
  return { is: 'chunks', chunks: claims }
}

export function listId(name: string): ChunkListId {
  const id = parseChunkListId(createHash('md5').update(name).digest('hex'))
  assert.ok(id)
  return id
}

/** Runs all releases that may run, and answers the names of blobs to be deleted, all in order. */
export async function drain(store: MetadataStore): Promise<readonly string[]> {
  const deleted: string[] = []
  await doTasks(store.outbox, async (blob) => deleted.push(blobName(blob)))
  return deleted
}

export async function releaseWhole(store: MetadataStore, task: Task<'release'>): Promise<number> {
  for (let steps = 1; ; steps += 1) {
    const answer = await store.outbox.release(task)
    if (answer.is === 'done') return steps
  }
}

export function blobName(blob: { id: Buffer; generation: number }): string {
  return `${blob.id.toString('hex').slice(0, 8)}/${blob.generation}`
}
