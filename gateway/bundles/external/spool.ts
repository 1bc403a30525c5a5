// Where gathered entries are kept: a bucket of the tenant, in a namespace that no request can name.
// An object lies there under the manifest it is gathered for. Once that has given way to the one that
// refers to the object, it is deleted, and the bundle's lease holds its data until the bundle ends, as
// that of any other deleted object.
import type { ManifestId } from '../../../metadata/manifest-store.ts'
import type { MetadataStore } from '../../../metadata/metadata-store.ts'
import { hiddenNamespace } from '../../../metadata/namespaces.ts'
import { parseManifestId } from '../../../metadata/record-ids.ts'
import type { Bucket, ObjectVersion, TenantId } from '../../../metadata/records.ts'
import type { TenantKeys } from '../../access/keys/tenant-keys.ts'
import type { Ingest } from '../../data/write/ingest.ts'
import { externalBytesMax } from '../bundle-limits.ts'
import type { ExternalBody } from './read-source.ts'

const spoolName = '-/spool'
const modifiedField = 'modified-ms'
const sweptAtOnce = 100

export type SpoolDeps = {
  readonly metadata: MetadataStore
  readonly ingest: () => Promise<Ingest>
  readonly now: () => number
}

export async function openSpool(
  { metadata, now }: Pick<SpoolDeps, 'metadata' | 'now'>,
  tenantId: TenantId,
): Promise<Bucket> {
  const place = { namespace: hiddenNamespace(tenantId), name: spoolName, tenantId }
  const wanted = { ...place, region: 'hidden', createdMs: now() }
  return (await metadata.buckets.create(wanted)).bucket
}

export function findSpool(
  { buckets }: Pick<MetadataStore, 'buckets'>,
  tenantId: TenantId,
): Promise<Bucket | undefined> {
  return buckets.get(hiddenNamespace(tenantId), spoolName)
}

export type Spooled = Pick<ObjectVersion, 'key' | 'rowId' | 'size' | 'crc32' | 'modifiedMs'>

/** Where one entry is kept: the entry of this number of a manifest to come. */
export type SpoolPlace = {
  readonly bucket: Bucket
  readonly manifestId: ManifestId
  readonly number: number
}

/** What an earlier attempt has put there. */
export async function findSpooled(
  { metadata }: Pick<SpoolDeps, 'metadata'>,
  place: SpoolPlace,
): Promise<Spooled | undefined> {
  const version = await metadata.objects.get(place.bucket, keyOf(place))
  if (version?.is !== 'object') return undefined
  const { key, rowId, size, crc32, userMetadata, modifiedMs } = version
  return { key, rowId, size, crc32, modifiedMs: Number(userMetadata[modifiedField] ?? modifiedMs) }
}

/** Stores a body. Throws what it throws, and `InsufficientStorage`. */
export async function spoolBody(
  deps: SpoolDeps,
  { place, keys }: { readonly place: SpoolPlace; readonly keys: TenantKeys },
  { stream, bytes, modifiedMs }: ExternalBody,
): Promise<Spooled> {
  const ingest = await deps.ingest()
  const piece = await ingest.receive(stream, {
    tenant: keys,
    digests: new Set(),
    sizeMax: externalBytesMax,
    ...(bytes === undefined ? {} : { sizeHint: bytes }),
  })
  const { size, crc32 } = piece
  const userMetadata: Record<string, string> =
    modifiedMs === undefined ? {} : { [modifiedField]: String(modifiedMs) }
  const content = { headers: {}, userMetadata, tags: [], storageClass: 'STANDARD' }
  const outcome = await piece.commit((data) =>
    deps.metadata.objects.commit({
      bucket: place.bucket,
      key: keyOf(place),
      content: { size, etag: piece.md5.toString('hex'), crc32, ...content, data },
      nowMs: deps.now(),
    }),
  )
  const spooled = await findSpooled(deps, place)
  if (outcome.is === 'committed' && spooled !== undefined) return spooled
  throw new Error(`a gathered entry could not be kept: ${outcome.is}`)
}

/** Of one manifest. Safe to repeat. */
export async function emptySpool(
  { metadata, now }: Pick<SpoolDeps, 'metadata' | 'now'>,
  { tenantId, manifestId }: { readonly tenantId: TenantId; readonly manifestId: ManifestId },
): Promise<void> {
  const bucket = await findSpool(metadata, tenantId)
  if (bucket === undefined) return
  for (;;) {
    const page = { prefix: `${manifestId}/`, limit: sweptAtOnce }
    const { entries } = await metadata.objects.list(bucket, page)
    for (const key of keysOf(entries)) await metadata.objects.delete({ bucket, key, nowMs: now() })
    if (entries.length < sweptAtOnce) return
  }
}

/** Removes what was gathered for manifests that are not there any more: a process has died. */
export async function sweepSpools(metadata: MetadataStore, nowMs: number): Promise<void> {
  let page: { readonly after?: TenantId } = {}
  for (;;) {
    const { tenants, isTruncated } = await metadata.tenants.list({ ...page, limit: sweptAtOnce })
    for (const { id } of tenants) {
      const bucket = await findSpool(metadata, id)
      if (bucket !== undefined) await sweepSpool(metadata, bucket, nowMs)
      page = { after: id }
    }
    if (!isTruncated) return
  }
}

async function sweepSpool(metadata: MetadataStore, bucket: Bucket, nowMs: number): Promise<void> {
  let after: string | undefined
  for (;;) {
    const from = after === undefined ? {} : { after: { key: after, group: false } }
    const { entries } = await metadata.objects.list(bucket, {
      prefix: '',
      limit: sweptAtOnce,
      ...from,
    })
    const keys = keysOf(entries)
    for (const key of keys) {
      const manifestId = parseManifestId(key.slice(0, key.indexOf('/')))
      const manifest = manifestId && (await metadata.manifests.get(manifestId))
      if (manifest === undefined) await metadata.objects.delete({ bucket, key, nowMs })
    }
    after = keys.at(-1)
    if (entries.length < sweptAtOnce) return
  }
}

type Listing = Awaited<ReturnType<MetadataStore['objects']['list']>>

function keysOf(entries: Listing['entries']): readonly string[] {
  return entries.flatMap((entry) => (entry.is === 'object' ? [entry.key] : []))
}

function keyOf({ manifestId, number }: SpoolPlace): string {
  return `${manifestId}/${number}`
}
