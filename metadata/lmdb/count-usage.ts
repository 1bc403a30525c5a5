// Counts all that buckets hold, from the rows themselves: once when a store of before is brought forward, and for
// `holdfast check`, which holds the counts against it and mends them. For stores that nothing else uses meanwhile.
import { parsePartHead, parseUploadState, type UploadState } from '../codec/upload-codec.ts'
import { parseVersionHead } from '../codec/version-codec.ts'
import { parseBucketId } from '../record-ids.ts'
import type { BucketId, TenantId } from '../records.ts'
import { rowIdBytes } from '../row-ids.ts'
import { addUsage, noUsage, type Usage, type UsageChange, usageOfVersion } from '../usage.ts'
import type { LmdbEnvironment, Tables } from './lmdb-environment.ts'
import { bucketIdBytes, everyRow, justAfter, rangeOf } from './row-keys.ts'
import { putUploadState } from './upload-rows.ts'
import { encodeUsage, usageKey } from './usage-rows.ts'
import { bucketsById } from './verify-rows.ts'

export type Counted = { readonly tenantId: TenantId; readonly usage: Usage }

const writtenAtOnce = 1_000

/** By bucket, of those that are there. Rows that cannot be read count as nothing. */
export function countUsage(tables: Tables): ReadonlyMap<BucketId, Counted> {
  const counted = new Map<string, Counted>()
  for (const { id, tenantId } of bucketsById(tables).values()) {
    counted.set(id, { tenantId, usage: noUsage })
  }
  const count = (key: Buffer, changeOf: () => UsageChange) => {
    const id = key.toString('hex', 0, bucketIdBytes)
    const found = counted.get(id)
    const change = found && unlessUnreadable(changeOf)
    if (found && change) counted.set(id, { ...found, usage: addUsage(found.usage, change) })
  }
  for (const { key, value } of tables.objects.intactRows(everyRow)) {
    count(key, () => ({ ...usageOfVersion(parseVersionHead(value, rowIdBytes)), objects: 1 }))
  }
  for (const { key, value } of tables.versions.intactRows(everyRow)) {
    count(key, () => usageOfVersion(parseVersionHead(value)))
  }
  for (const { key, value } of tables.uploads.intactRows(everyRow)) {
    count(key, () => ({ uploads: 1, partBytes: bytesOfParts(tables, parseUploadState(value)) }))
  }
  return byBucket(counted)
}

function byBucket(counted: ReadonlyMap<string, Counted>): ReadonlyMap<BucketId, Counted> {
  const buckets = new Map<BucketId, Counted>()
  for (const [raw, each] of counted) {
    const id = parseBucketId(raw)
    if (id !== undefined) buckets.set(id, each)
  }
  return buckets
}

export function bytesOfParts(tables: Tables, { upload }: UploadState): number {
  let bytes = 0
  for (const { value } of tables.parts.intactRows(rangeOf(Buffer.from(upload.uploadId, 'hex')))) {
    bytes += unlessUnreadable(() => parsePartHead(value).size) ?? 0
  }
  return bytes
}

/** Rows that cannot be read are told of by `verify-rows.ts` and `verify-versions.ts`. */
function unlessUnreadable<T>(work: () => T): T | undefined {
  try {
    return work()
  } catch {
    return undefined
  }
}

/**
 * Puts counts in the place of those that are there, in transactions of bounded size; `finish` is done with the last one. Done
 * again, it comes to the same.
 */
export async function recountUsage(
  env: Pick<LmdbEnvironment, 'read' | 'write'>,
  finish: (tables: Tables) => void = () => {},
): Promise<void> {
  await recountUploads(env)
  const counted = [...env.read(countUsage)]
  await env.write(({ usage }) => usage.clear())
  for (let at = 0; at < counted.length; at += writtenAtOnce) {
    await env.write(({ usage }) => {
      for (const [bucketId, each] of counted.slice(at, at + writtenAtOnce)) {
        usage.put(usageKey({ tenantId: each.tenantId, bucketId }), encodeUsage(each.usage))
      }
    })
  }
  await env.write(finish)
}

/** Each upload says what its parts come to, so that nobody has to look at them when it ends. */
async function recountUploads(env: Pick<LmdbEnvironment, 'write'>): Promise<void> {
  let start: Buffer | undefined = everyRow.start
  while (start !== undefined) {
    const from: Buffer = start
    start = await env.write((tables) => recountPage(tables, from))
  }
}

/** Answers where the next page begins. */
function recountPage(tables: Tables, start: Buffer): Buffer | undefined {
  const states: UploadState[] = []
  let last: Buffer | undefined
  for (const { key, value } of tables.uploads.intactRows({ start, end: everyRow.end })) {
    last = key
    const state = unlessUnreadable(() => parseUploadState(value))
    if (state !== undefined) states.push(state)
    if (states.length === writtenAtOnce) break
  }
  for (const state of states) {
    const partBytes = bytesOfParts(tables, state)
    if (state.partBytes !== partBytes) putUploadState(tables, { ...state, partBytes })
  }
  return last === undefined || states.length < writtenAtOnce ? undefined : justAfter(last)
}
