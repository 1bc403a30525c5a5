// Ingest and reading on the real embedded engines, with the follow-up work of deletions running
// between: the race that deduplication is about.

import assert from 'node:assert'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DiskBlobStore } from '../../../datanode/disk/disk-blob-store.ts'
import { realVfs } from '../../../datanode/disk/real-vfs.ts'
import { deriveTenantKeys } from '../../../gateway/access/keys/tenant-keys.ts'
import { HashPool } from '../../../gateway/data/digests/hash-pool.ts'
import { readPlaintext } from '../../../gateway/data/read/object-reader.ts'
import { Ingest } from '../../../gateway/data/write/ingest.ts'
import { IngestBudget } from '../../../gateway/data/write/ingest-budget.ts'
import { LmdbMetadataStore } from '../../../metadata/lmdb/lmdb-metadata-store.ts'
import { defaultNamespace } from '../../../metadata/namespaces.ts'
import { chunkBytesMax } from '../../../protocol/chunks/chunk-ref.ts'
import { loadChecksums } from '../../../protocol/s3/checksums/streaming-digest.ts'
import { describe } from '../../support/describe.ts'
import { claimFreeing } from '../../support/do-tasks.ts'
import { seededBytes } from '../../support/seeded-bytes.ts'
import { inPieces, parseTenantId } from './ingest-bench.ts'

const random = seededBytes()

async function openStore() {
  const path = await mkdtemp(join(tmpdir(), 'holdfast-ingest-'))
  const nowMs = () => Date.now()
  const { bytes } = random
  const metadata = await LmdbMetadataStore.open({
    path: join(path, 'metadata'),
    random: bytes,
    role: 'primary',
  })
  // Else the store finds in its segments what its index has lost.
  const searching = { isOn: true }
  const blobs = await DiskBlobStore.open({
    isReferenced: async (refs) =>
      searching.isOn ? metadata.chunks.areReferenced(refs) : refs.map(() => false),
    path: join(path, 'blobs'),
    role: 'primary',
    processId: 'one',
    vfs: realVfs,
    nowMs,
    randomBytes: bytes,
    segmentBytes: 64 * 2 ** 20,
    reserveBytes: 0,
  })
  await metadata.owners.begin('one', 3_600_000)
  const hashPool = new HashPool({ threadsMax: 1 })
  const budget = new IngestBudget({ buffersMax: 3, nowMs })
  const ingest = new Ingest({
    chunks: metadata.chunks,
    blobs,
    budget,
    hashPool,
    checksums: await loadChecksums(),
    random: bytes,
    owner: () => 'one',
    nowMs,
    onLeftover: (cause) => assert.fail(String(cause)),
  })
  const tenant = deriveTenantKeys(parseTenantId('alice'), bytes(32))
  const { bucket } = await metadata.buckets.create({
    namespace: defaultNamespace,
    tenantId: tenant.tenantId,
    name: 'photos',
    region: 'here',
    createdMs: 0,
  })
  const close = async () => {
    await hashPool.close()
    await blobs.close()
    await metadata.close()
    await rm(path, { recursive: true })
  }
  return { path, metadata, blobs, ingest, budget, tenant, bucket, searching, close }
}

type Store = Awaited<ReturnType<typeof openStore>>

async function put({ ingest, metadata, tenant, bucket }: Store, key: string, bytes: Buffer) {
  const options = { tenant, digests: new Set<never>(), sizeMax: 2 ** 30 }
  const piece = await ingest.receive(inPieces(bytes, 100_000), options)
  const content = {
    size: piece.size,
    etag: piece.md5.toString('hex'),
    crc32: piece.crc32,
    headers: {},
    userMetadata: {},
    tags: [],
    storageClass: 'STANDARD',
  }
  const answer = await piece.commit((data) =>
    metadata.objects.commit({ bucket, key, content: { ...content, data }, nowMs: 0 }),
  )
  assert.equal(answer.is, 'committed')
}

/** The current version's bytes, or nothing. */
async function get({ metadata, blobs, tenant, bucket }: Store, key: string) {
  const version = await metadata.objects.get(bucket, key)
  if (version?.is !== 'object') return undefined
  const pieces: Buffer[] = []
  const range = { start: 0, end: version.size }
  for await (const piece of readPlaintext(
    { metadata, blobs, tenantKeys: tenant },
    version,
    range,
  )) {
    pieces.push(piece)
  }
  return Buffer.concat(pieces)
}

/** Flips a bit in the middle of every segment. */
async function damage({ path }: Store): Promise<void> {
  const directory = join(path, 'blobs', 'segments')
  for (const name of await readdir(directory)) {
    const file = join(directory, name)
    const bytes = await readFile(file)
    const middle = bytes.length >> 1
    bytes[middle] = (bytes[middle] ?? 0) ^ 1
    await writeFile(file, bytes)
  }
}

/** Does what the outbox asks for; answers how many tasks that were. */
async function relay({ metadata, blobs }: Store): Promise<number> {
  const { outbox } = metadata
  const tasks = await claimFreeing(outbox)
  for (const task of tasks) {
    if (task.kind === 'deleteBlob') await blobs.delete([task.payload.blob])
    else while ((await outbox.release(task)).is === 'more');
  }
  await outbox.done(tasks)
  return tasks.length
}

describe('uploads and deletions of equal content at once', (test) => {
  test('every version that was committed reads back, and in the end no blob is left', async () => {
    const store = await openStore()
    const sizes = [3000, 5000, 200_000, chunkBytesMax, chunkBytesMax + 9000]
    const shared = random.bytes(chunkBytesMax)
    const contents = [...sizes.map((size) => random.bytes(size)), Buffer.concat([shared, shared])]
    contents.push(Buffer.concat([shared, random.bytes(50_000)]))
    const expected = new Map<string, Buffer>()
    let busy = true
    const relaying = (async () => {
      while (busy) if ((await relay(store)) === 0) await new Promise((next) => setTimeout(next, 1))
    })()
    const client = async (key: string) => {
      for (let round = 0; round < 12; round += 1) {
        const bytes = contents[random.integer(contents.length)]
        assert.ok(bytes !== undefined)
        if (random.integer(3) === 0) {
          await store.metadata.objects.delete({ bucket: store.bucket, key, nowMs: 0 })
          expected.delete(key)
        } else {
          await put(store, key, bytes)
          expected.set(key, bytes)
        }
        const read = await get(store, key)
        assert.ok(read === expected.get(key) || read?.equals(expected.get(key) ?? Buffer.alloc(0)))
      }
    }
    const keys = Array.from({ length: 6 }, (_, index) => `key ${index}`)
    await Promise.all(keys.map(client))
    for (const key of keys) {
      const read = await get(store, key)
      const bytes = expected.get(key)
      assert.ok(bytes === undefined ? read === undefined : read?.equals(bytes))
      await store.metadata.objects.delete({ bucket: store.bucket, key, nowMs: 0 })
    }
    busy = false
    await relaying
    while ((await relay(store)) > 0);
    assert.equal((await store.blobs.usage()).chunks, 0)
    assert.equal(store.budget.usage().lent, 0)
    await store.close()
  })
})

describe('an upload of content whose stored chunk is bad', (test) => {
  for (const noticedBy of ['a read', 'the scrub'] as const) {
    test(`heals it for every object that shares it, once ${noticedBy} has noticed`, async () => {
      const store = await openStore()
      const bytes = random.bytes(300_000)
      await put(store, 'one', bytes)
      await put(store, 'two', bytes)
      await damage(store)
      if (noticedBy === 'a read') await assert.rejects(get(store, 'one'), /is corrupt/)
      else assert.equal((await store.blobs.scrub(2 ** 30)).corrupt.length, 1)
      await put(store, 'three', bytes)
      for (const key of ['one', 'two', 'three']) assert.ok((await get(store, key))?.equals(bytes))
      assert.deepEqual((await store.blobs.scrub(2 ** 30)).corrupt, [])
      for (const key of ['one', 'two', 'three']) {
        await store.metadata.objects.delete({ bucket: store.bucket, key, nowMs: 0 })
      }
      while ((await relay(store)) > 0);
      assert.equal((await store.blobs.usage()).chunks, 0)
      await store.close()
    })
  }

  test('stores a chunk again that the store has lost', async () => {
    const store = await openStore()
    const bytes = random.bytes(5 * 2 ** 20)
    await put(store, 'one', bytes)
    const { blobs } = await store.blobs.list({ limit: 10, minAgeMs: -5_000 })
    await store.blobs.delete(blobs)
    store.searching.isOn = false
    await assert.rejects(get(store, 'one'), /is absent/)
    store.searching.isOn = true
    await put(store, 'two', bytes)
    for (const key of ['one', 'two']) assert.ok((await get(store, key))?.equals(bytes))
    await store.close()
  })
})
