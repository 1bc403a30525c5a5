// What verbs cost on MongoDB: how many commands each sends that a request waits for.
import type { MetadataStore } from '../../metadata/metadata-store.ts'
import {
  beginOwner,
  chunk,
  chunks,
  makeBucket,
  newVersion,
  processOwner,
  put,
  remove,
} from '../contracts/metadata-fixture.ts'
import { begin, completion, part } from '../contracts/metadata-upload-fixture.ts'
import { borrowMongoStore } from './mongo-stores.ts'
import { WatchedCommands } from './watched-commands.ts'

/** By what is done. In an empty database of its own. */
export async function countRoundTrips(): Promise<ReadonlyMap<string, number>> {
  const watched = new WatchedCommands()
  const store = await borrowMongoStore({ onCommand: watched.onCommand })
  try {
    await beginOwner(store, processOwner)
    const counted = new Map<string, number>()
    await measure(watched.watch(store), async (what, verb) => {
      const before = watched.sent.length
      await verb()
      counted.set(what, watched.sent.length - before)
    })
    return counted
  } finally {
    await store.close()
  }
}

type Count = (what: string, verb: () => Promise<unknown>) => Promise<void>

/** How many commands each takes, of those that requests wait for. */
async function measure(store: MetadataStore, count: Count): Promise<void> {
  const bucket = await makeBucket(store, 'plain')
  const kept = await makeBucket(store, 'kept', 'enabled')
  const { objects, uploads, buckets } = store
  const inline = (key: string) => objects.commit(newVersion(bucket, key))
  await count('buckets.get', () => buckets.get(bucket.namespace, bucket.name))
  await count('objects.commit, inline, a new key', () => inline('a'))
  await count('objects.commit, inline, in place of an inline object', () => inline('a'))
  const { versionId } = await put(store, kept, 'k')
  await count('objects.commit, inline, a new version', async () => {
    await put(store, kept, 'k')
  })
  await count('objects.commit, one chunk, a new key', () =>
    objects.commit(newVersion(bucket, 'c', { data: chunks(chunk('c', 1)) })),
  )
  await count('objects.commit, one chunk, in place of another', () =>
    objects.commit(newVersion(bucket, 'c', { data: chunks(chunk('d', 1)) })),
  )
  await count('objects.get', () => objects.get(bucket, 'a'))
  await count('objects.get, by version id', () => objects.get(kept, 'k', versionId))
  await count('objects.setTags', () =>
    objects.setTags(bucket, 'a', { tags: [{ key: 'k', value: 'v' }] }),
  )
  await count('objects.list, one page', () => objects.list(bucket, { prefix: '', limit: 1000 }))
  await count('objects.listVersions, one page', () =>
    objects.listVersions(bucket, { prefix: '', limit: 1000 }),
  )
  await count('objects.delete, inline', async () => {
    await remove(store, bucket, 'a')
  })
  await count('objects.delete, a delete marker', async () => {
    await remove(store, kept, 'k')
  })
  const upload = await begin(store, bucket, 'u')
  await count('uploads.commitPart, one chunk', () =>
    uploads.commitPart(bucket, upload, part(1, { chunk: 'p' })),
  )
  const wanted = await completion(store, { bucket, upload }, [1])
  await count('uploads.complete', () => uploads.complete(wanted))
  await count('usage.ofBucket', () => store.usage.ofBucket(bucket))
}
