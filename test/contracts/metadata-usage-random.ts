// A seeded random history of every kind of change, some of them side by side: counts are what a listing finds.
import assert from 'node:assert/strict'
import type { MetadataStore } from '../../metadata/metadata-store.ts'
import type { Bucket, Upload } from '../../metadata/records.ts'
import { addUsage, noUsage } from '../../metadata/usage.ts'
import { describe } from '../support/describe.ts'
import { type SeededBytes, seededBytes } from '../support/seeded-bytes.ts'
import { usageByListing } from '../support/usage-by-listing.ts'
import {
  chunk,
  chunks,
  drain,
  makeBucket,
  newVersion,
  type OpenStore,
  put,
  tenantId,
  withStore,
} from './metadata-fixture.ts'
import { begin, part } from './metadata-upload-fixture.ts'

const steps = 60
const sideBySide = 4
const keys = ['a', 'b', 'c/d']
const nowMs = 1_700_000_000_000

type Play = {
  readonly store: MetadataStore
  readonly random: SeededBytes
  readonly buckets: readonly Bucket[]
  readonly uploads: Upload[]
}

export function randomUsageContract(name: string, open: OpenStore): void {
  describe(`${name}: random histories of usage`, (test) => {
    const random = seededBytes()
    for (const round of [1, 2]) {
      test(`counts are what there is (seed ${random.seed}, round ${round})`, () =>
        withStore(open, async (store) => {
          const buckets = [
            await makeBucket(store, 'plain'),
            await makeBucket(store, 'kept', 'enabled'),
          ]
          const play: Play = { store, random, buckets, uploads: [] }
          for (let step = 1; step <= steps; step += 1) {
            await Promise.all(Array.from({ length: sideBySide }, () => change(play)))
            if (step % 10 === 0) await compare(play)
          }
          while ((await store.usage.fold(50)) > 0);
          await drain(store)
          await compare(play)
        }))
    }
  })
}

async function change(play: Play): Promise<void> {
  const { store, random } = play
  const bucket = pick(random, play.buckets)
  const key = pick(random, keys)
  const size = random.integer(1000)
  const dice = random.integer(100)
  if (dice < 30) await put(store, bucket, key, { size, body: `${size}` })
  else if (dice < 40) {
    const data = chunks(chunk(`c${size}`, 1))
    // Refused once another has been released under its generation.
    await store.objects.commit(newVersion(bucket, key, { data, size, body: `${size}` }))
  } else if (dice < 52) await store.objects.delete({ bucket, key, nowMs })
  else if (dice < 70) await removeSome(play, bucket, key)
  else if (dice < 73) {
    const status = pick(random, ['enabled', 'suspended'] as const)
    if (bucket.name === 'kept') await store.buckets.setVersioning(bucket, status)
  } else if (dice < 78) play.uploads.push(await begin(store, bucket, key))
  else if (dice < 92) await goOnWithUpload(play, size)
  else if (dice < 96) await store.usage.fold(1 + random.integer(20))
  else await store.objects.setTags(bucket, key, { tags: [{ key: 'k', value: `${size}` }] })
}

/** By its id: whichever it is, if it is still there. */
async function removeSome({ store, random }: Play, bucket: Bucket, key: string): Promise<void> {
  const query = { prefix: key, limit: 20 }
  const { entries } = await store.objects.listVersions(bucket, query)
  const entry = entries.length === 0 ? undefined : pick(random, entries)
  if (entry === undefined || entry.is === 'prefix') return
  const { versionId } = entry
  await store.objects.delete({ bucket, key: entry.key, versionId, nowMs })
}

async function goOnWithUpload({ store, random, buckets, uploads }: Play, size: number) {
  if (uploads.length === 0) return
  const upload = pick(random, uploads)
  const bucket = buckets.find(({ id }) => id === upload.bucketId)
  assert.ok(bucket)
  const dice = random.integer(10)
  if (dice < 7) {
    const fresh = part(1 + random.integer(5), random.integer(2) === 0 ? {} : { chunk: `${size}` })
    await store.uploads.commitPart(bucket, upload, { ...fresh, size })
    return
  }
  if (dice === 9) {
    await store.uploads.abort(bucket, upload)
    return
  }
  const listed = await store.uploads.listParts(bucket, upload, { after: 0, limit: 9 })
  if (listed.is !== 'listed' || listed.parts.length === 0) return
  const parts = listed.parts.filter((_, at) => at === 0 || random.integer(2) === 0)
  const { data: _, ...content } = newVersion(bucket, upload.key).content
  await store.uploads.complete({
    ...{ bucket, upload, revision: listed.revision, nowMs },
    parts: parts.map(({ number, size }) => ({ number, size })),
    content: { ...content, size: parts.reduce((bytes, { size }) => bytes + size, 0) },
  })
}

async function compare({ store, buckets }: Play): Promise<void> {
  let sum = noUsage
  for (const bucket of buckets) {
    const listed = await usageByListing(store, bucket)
    assert.deepEqual(await store.usage.ofBucket(bucket), listed)
    sum = addUsage(sum, listed)
  }
  const whole = { ...sum, buckets: buckets.length }
  assert.deepEqual(await store.usage.ofTenant(tenantId), whole)
}

function pick<T>(random: SeededBytes, choices: readonly T[]): T {
  const choice = choices[random.integer(choices.length)]
  assert.ok(choice !== undefined)
  return choice
}
