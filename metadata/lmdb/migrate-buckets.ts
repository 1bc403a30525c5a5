// From layout 3 to 4. In layout 3 a bucket was filed under its tenant, and each tenant had names of its
// own; now under its namespace, and its owner finds it by an index. The row's codec tells which namespace
// that is. Its tags stood in its row, and are a document now, as all that is set of it. Killed in the middle, it is done again: what is in its place stays there.
import { parseBucket, tagsInBucketRow } from '../codec/tenancy-codec.ts'
import { putFirstConfigs } from './bucket-config-rows.ts'
import { putBucket } from './buckets.ts'
import type { LmdbEnvironment, Tables } from './lmdb-environment.ts'
import { bucketKey, everyRow, justAfter } from './row-keys.ts'

const movedAtOnce = 1_000

/** `finish` is done with the last step. */
export async function migrateBuckets(
  env: Pick<LmdbEnvironment, 'write'>,
  finish: (tables: Tables) => void,
): Promise<void> {
  let from: Buffer | undefined = Buffer.of(0)
  while (from !== undefined) {
    const start: Buffer = from
    from = await env.write((tables) => moveBuckets(tables, start))
  }
  await env.write(finish)
}

/** Answers where the next page begins. */
function moveBuckets(tables: Tables, start: Buffer): Buffer | undefined {
  const keys = tables.buckets.keys({ start, end: everyRow.end, limit: movedAtOnce })
  for (const key of keys) {
    const row = tables.buckets.get(key)
    if (row === undefined) continue
    const bucket = parseBucket(row)
    if (!bucketKey(bucket.namespace, bucket.name).equals(key)) tables.buckets.remove(key)
    putBucket(tables, bucket)
    // Written anew, the row says no more of tags.
    const tags = tagsInBucketRow(row)
    if (tags.length > 0) putFirstConfigs(tables, bucket.id, { tagging: tags })
  }
  const last = keys.at(-1)
  return keys.length < movedAtOnce || last === undefined ? undefined : justAfter(last)
}
