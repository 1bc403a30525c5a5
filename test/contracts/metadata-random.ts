// A seeded random history of puts, deletes and versioning changes, compared after every step against
// a naive model that keeps everything in arrays.
import assert from 'node:assert/strict'
import type { BucketRef, ListPosition, MetadataStore } from '../../metadata/metadata-store.ts'
import type { VersionId, VersioningStatus } from '../../metadata/records.ts'
import { describe } from '../support/describe.ts'
import { type SeededBytes, seededBytes } from '../support/seeded-bytes.ts'
import {
  chunk,
  chunks,
  drain,
  makeBucket,
  type OpenStore,
  put,
  remove,
  withStore,
} from './metadata-fixture.ts'

type ModelVersion = { versionId: VersionId; size: number; marker: boolean }
/** Newest first, by key. */
type Model = Map<string, ModelVersion[]>

const names = ['a', 'a/', 'a/b', 'a/b/c', 'a\u0000', 'a\u0000b', 'b', 'ab', 'é/x', '\u{1f600}']
const steps = 400

export function randomHistoryContract(name: string, open: OpenStore): void {
  describe(`${name}: random histories`, (test) => {
    const random = seededBytes()
    for (const round of [1, 2, 3]) {
      test(`the store agrees with a naive model (seed ${random.seed}, round ${round})`, () =>
        withStore(open, (store) => playHistory(store, random)))
    }
  })
}

async function playHistory(store: MetadataStore, random: SeededBytes): Promise<void> {
  const pick = <T>(choices: readonly T[]): T => {
    const choice = choices[random.integer(choices.length)]
    assert.ok(choice !== undefined)
    return choice
  }
  const bucket = await makeBucket(store, 'one')
  const model: Model = new Map()
  let versioning: VersioningStatus = 'off'
  for (let step = 1; step <= steps; step += 1) {
    const key = pick(names)
    const dice = random.integer(100)
    const nowMs = 1_000_000 + random.integer(1000)
    if (dice < 2) {
      versioning = pick(['enabled', 'suspended'] as const)
      await store.buckets.setVersioning(bucket, versioning)
    } else if (dice < 55) {
      // A chunk of its own for each version: what is left in the end shows what was released.
      const data = random.integer(2) === 0 ? { data: chunks(chunk(`c${step}`, step)) } : {}
      const { versionId } = await put(store, bucket, key, { size: step, nowMs, ...data })
      putInModel(model, key, { versionId, size: step, marker: false }, versioning)
    } else if (dice < 70) {
      const answer = await remove(store, bucket, key)
      if (versioning === 'off') model.set(key, [])
      else {
        assert.ok(answer.versionId !== undefined)
        const marker = { versionId: answer.versionId, size: 0, marker: true }
        putInModel(model, key, marker, versioning)
      }
    } else {
      const versions = model.get(key) ?? []
      const named = versions.length > 0 ? pick(versions).versionId : 'null'
      await remove(store, bucket, key, named)
      model.set(
        key,
        versions.filter((version) => version.versionId !== named),
      )
    }
    if (step % 10 === 0) await compare(store, bucket, model, random.integer(5) + 1)
  }
  await emptyAndDrain(store, bucket, model)
}

function putInModel(
  model: Model,
  key: string,
  version: ModelVersion,
  versioning: VersioningStatus,
): void {
  const old = model.get(key) ?? []
  const kept = versioning === 'enabled' ? old : old.filter(({ versionId }) => versionId !== 'null')
  model.set(key, [version, ...kept])
}

async function compare(
  store: MetadataStore,
  bucket: BucketRef,
  model: Model,
  limit: number,
): Promise<void> {
  const sorted = [...model].sort(([a], [b]) => Buffer.from(a).compare(Buffer.from(b)))
  const versions = sorted.flatMap(([key, list]) =>
    list.map(({ versionId, size, marker }, i) => ({
      key,
      versionId,
      size,
      marker,
      latest: i === 0,
    })),
  )
  assert.deepEqual(await allVersions(store, bucket, limit), versions)
  const current = sorted
    .filter(([, list]) => list[0] !== undefined && !list[0].marker)
    .map(([key, list]) => ({ key, size: list[0]?.size }))
  assert.deepEqual(await allObjects(store, bucket, limit), current)
  const grouped = [
    ...new Set(current.map(({ key }) => (key.includes('/') ? `>${key.split('/')[0]}/` : key))),
  ]
  const rolled = await store.objects.list(bucket, { prefix: '', delimiter: '/', limit: 1000 })
  assert.deepEqual(
    rolled.entries.map((entry) => (entry.is === 'prefix' ? `>${entry.prefix}` : entry.key)),
    grouped,
  )
  for (const [key, list] of model) {
    const found = await store.objects.get(bucket, key)
    assert.equal(found?.versionId, list[0]?.versionId)
    for (const { versionId, size, marker } of list) {
      const version = await store.objects.get(bucket, key, versionId)
      assert.ok(version)
      assert.equal(version.is === 'deleteMarker', marker)
      if (version.is === 'object') assert.equal(version.size, size)
    }
    const nothing = list.every(({ versionId }) => versionId !== 'null')
    if (nothing) assert.equal(await store.objects.get(bucket, key, 'null'), undefined)
  }
}

async function allVersions(store: MetadataStore, bucket: BucketRef, limit: number) {
  const found: object[] = []
  let position: { after: ListPosition; afterVersionId: VersionId } | undefined
  for (;;) {
    const page = await store.objects.listVersions(bucket, { prefix: '', limit, ...position })
    for (const entry of page.entries) {
      assert.ok(entry.is !== 'prefix')
      const { key, versionId, isLatest: latest } = entry
      const size = entry.is === 'object' ? entry.size : 0
      found.push({ key, versionId, size, marker: entry.is === 'deleteMarker', latest })
      position = { after: { key, group: false }, afterVersionId: versionId }
    }
    if (!page.isTruncated) return found
  }
}

async function allObjects(store: MetadataStore, bucket: BucketRef, limit: number) {
  const found: object[] = []
  let after: ListPosition | undefined
  for (;;) {
    const page = await store.objects.list(bucket, { prefix: '', limit, ...(after && { after }) })
    for (const entry of page.entries) {
      assert.ok(entry.is === 'object')
      found.push({ key: entry.key, size: entry.size })
      after = { key: entry.key, group: false }
    }
    if (!page.isTruncated) return found
  }
}

/** With every version gone, every chunk is released and the bucket can go. */
async function emptyAndDrain(store: MetadataStore, bucket: BucketRef, model: Model): Promise<void> {
  for (const [key, list] of model) {
    for (const { versionId } of list) await remove(store, bucket, key, versionId)
  }
  await drain(store)
  const ids = Array.from({ length: steps }, (_, i) => chunk(`c${i + 1}`, 0).id)
  const left = await store.chunks.find(bucket.tenantId, ids)
  assert.ok(left.every((blob) => blob === undefined))
  assert.equal(await store.outbox.depthEstimate(), 0)
  assert.deepEqual(await store.buckets.delete(bucket), { is: 'deleted' })
}
