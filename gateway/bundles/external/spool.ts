// Where fetched entries are kept: a bucket of the tenant that no request can name and no listing shows.
// An object lies there from its fetch until its bundle is frozen; then it is deleted, and the bundle's
// lease holds its data until the bundle ends, as that of any other deleted object.
import type { MetadataStore } from '../../../metadata/metadata-store.ts'
import type { Bucket, ObjectVersion, TenantId } from '../../../metadata/records.ts'
import type { RandomBytes } from '../../../protocol/chunks/new-generation.ts'
import type { TenantKeys } from '../../keys/tenant-keys.ts'
import type { Ingest } from '../../objects/ingest.ts'
import { externalBytesMax, leftoverMs } from './external-limits.ts'
import type { ExternalBody } from './fetch-external.ts'

/** Sorts before all names that buckets can have. */
const spoolName = '-/spool'
const sweptAtOnce = 100

export type SpoolParts = {
  readonly metadata: MetadataStore
  readonly ingest: Ingest
  readonly random: RandomBytes
  readonly now: () => number
}

export type Spooled = { readonly bucket: Bucket; readonly version: ObjectVersion }

export async function openSpool(
  { metadata, now }: Pick<SpoolParts, 'metadata' | 'now'>,
  tenantId: TenantId,
): Promise<Bucket> {
  const wanted = { tenantId, name: spoolName, region: 'hidden', createdMs: now(), tags: [] }
  return (await metadata.buckets.create(wanted)).bucket
}

/** Stores a body. Throws what it throws, `EntityTooLarge` and `InsufficientStorage`. */
export async function spoolBody(
  parts: SpoolParts,
  place: { readonly bucket: Bucket; readonly keys: TenantKeys },
  body: ExternalBody,
): Promise<Spooled> {
  const { metadata, ingest, random, now } = parts
  const { bucket, keys } = place
  const piece = await ingest.receive(body.stream, {
    tenant: keys,
    digests: new Set(),
    sizeMax: externalBytesMax,
    ...(body.bytes === undefined ? {} : { sizeHint: body.bytes }),
  })
  const key = random(16).toString('hex')
  const { size, crc32 } = piece
  const etag = piece.md5.toString('hex')
  const plain = { headers: {}, userMetadata: {}, tags: [], storageClass: 'STANDARD' }
  const outcome = await piece.commit((data) =>
    metadata.objects.commit({
      bucket,
      key,
      content: { size, etag, crc32, ...plain, data },
      nowMs: now(),
    }),
  )
  const version = await metadata.objects.get(bucket, key)
  if (outcome.is === 'committed' && version?.is === 'object') return { bucket, version }
  throw new Error(`a fetched entry could not be kept: ${outcome.is}`)
}

/** Safe to repeat. */
export async function emptySpool(
  { metadata, now }: Pick<SpoolParts, 'metadata' | 'now'>,
  spooled: readonly Spooled[],
): Promise<void> {
  for (const { bucket, version } of spooled) {
    await metadata.objects.delete({ bucket, key: version.key, nowMs: now() })
  }
}

/** Removes what a process that died has left there. */
export async function sweepSpools(metadata: MetadataStore, nowMs: number): Promise<void> {
  for (const tenant of await metadata.tenants.list()) {
    const bucket = await metadata.buckets.get(tenant.id, spoolName)
    if (bucket === undefined) continue
    const { entries } = await metadata.objects.list(bucket, { prefix: '', limit: sweptAtOnce })
    for (const entry of entries) {
      if (entry.is !== 'object' || entry.modifiedMs > nowMs - leftoverMs) continue
      await metadata.objects.delete({ bucket, key: entry.key, nowMs })
    }
  }
}
