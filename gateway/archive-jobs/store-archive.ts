// Stores a frozen archive as an object: a multipart upload whose parts are ranges of the archive, so
// that an attempt goes on where the one before it broke off, and no size is too large.
import { drawUploadId } from '../../metadata/draw-upload-id.ts'
import type { Manifest } from '../../metadata/manifest-store.ts'
import type { Committed, MetadataStore } from '../../metadata/metadata-store.ts'
import type { Bucket, Part, Upload } from '../../metadata/records.ts'
import type { RandomBytes } from '../../protocol/chunks/new-generation.ts'
import { putBytesMax } from '../../protocol/s3/limits.ts'
import { type CompletedObject, completeParts } from '../../protocol/s3/multipart-completion.ts'
import type { HalfOpenRange } from '../../protocol/s3/range.ts'
import type { TenantKeys } from '../access/keys/tenant-keys.ts'
import type { ClaimedJob } from '../background/claimed-job.ts'
import { JobFailed } from '../background/job-work.ts'
import type { Ingest } from '../data/write/ingest.ts'
import { readUploadedParts, type UploadedParts } from '../data/write/uploaded-parts.ts'
import { attachment } from '../zip/content-disposition.ts'
import { partCount, partRange } from '../zip/segments.ts'
import type { ZipService } from '../zip/zip-service.ts'
import { findResult } from './job-holdings.ts'
import type { JobProgress } from './job-progress.ts'

export type StoreDeps = {
  readonly metadata: MetadataStore
  readonly zip: ZipService
  readonly ingest: Ingest
  readonly random: RandomBytes
  readonly now: () => number
}

export type Storing = {
  readonly claimed: ClaimedJob<'archive'>
  readonly manifest: Manifest
  readonly bucket: Bucket
  readonly keys: TenantKeys
  readonly progress: JobProgress
}

export type StoredResult = Pick<Committed, 'versionId'> & { readonly etag: string }

/** Throws `JobTaken`, `JobFailed`, what the signal is aborted with, and what reading and storing throw. */
export async function storeArchive(deps: StoreDeps, storing: Storing): Promise<StoredResult> {
  const already = await completedBefore(deps, storing)
  if (already !== undefined) return already
  const upload = await openUpload(deps, storing)
  const count = partCount(storing.manifest.totalBytes)
  const { parts } = await uploadedParts(deps, storing, upload)
  for (let number = 1; number <= count; number += 1) {
    const range = partRange(storing.manifest.totalBytes, number)
    if (range === undefined) throw new RangeError('a part beyond the archive')
    if (parts.get(number)?.size !== range.end - range.start) {
      await storePart(deps, { ...storing, upload, number, range })
      await storing.claimed.gotOn()
    }
    await storing.progress.reached(range.end)
  }
  return complete(deps, storing, upload)
}

/** An attempt may have come to its end without noting it. */
async function completedBefore(
  { metadata }: StoreDeps,
  { claimed, manifest }: Storing,
): Promise<StoredResult | undefined> {
  const version = (await findResult(metadata, claimed.job))?.version
  // Somebody else may have completed the upload, with some of its parts.
  return version !== undefined && isArchive(version, manifest) ? version : undefined
}

async function openUpload(deps: StoreDeps, storing: Storing): Promise<Upload> {
  const { uploads } = deps.metadata
  const { claimed, bucket, manifest } = storing
  const { payload } = claimed.job
  const { uploadId, destination, prefix } = payload
  const { key } = destination
  const begun = uploadId && (await uploads.get(bucket, { key, uploadId }))
  if (begun !== undefined) return begun
  const initiatedMs = deps.now()
  const drawn = drawUploadId(initiatedMs, deps.random)
  // Noted before it is there: whatever happens now, it is found and cleared away.
  const progress = { items: 0, bytes: 0 }
  await claimed.note({ payload: { ...payload, uploadId: drawn }, progress })
  const created = await uploads.create(bucket, {
    uploadId: drawn,
    key,
    initiatedMs,
    headers: {
      contentType: 'application/zip',
      contentDisposition: attachment(key.slice(key.lastIndexOf('/') + 1)),
    },
    userMetadata: {
      'holdfast-archive-etag': manifest.etag,
      'holdfast-archive-of': asHeader(prefix),
    },
    tags: [],
    storageClass: 'STANDARD',
    checksum: { algorithm: 'CRC32', type: 'FULL_OBJECT' },
  })
  if (created.is === 'noSuchBucket') throw destinationGone()
  return created.upload
}

/** Metadata values are ASCII. */
function asHeader(text: string): string {
  return encodeURI(text)
}

function destinationGone(): JobFailed {
  return new JobFailed('The bucket of the destination does not exist any more.')
}

type StoredPart = Omit<Part, 'data'>

async function uploadedParts(
  { metadata }: StoreDeps,
  { bucket, manifest }: Storing,
  upload: Upload,
): Promise<UploadedParts> {
  const place = { bucket, upload }
  const found = await readUploadedParts(metadata.uploads, place, partCount(manifest.totalBytes))
  if (found === undefined) throw uploadGone()
  return found
}

function uploadGone(): Error {
  return new Error('the upload of the archive was aborted')
}

type StoringPart = Storing & {
  readonly upload: Upload
  readonly number: number
  readonly range: HalfOpenRange
}

async function storePart(deps: StoreDeps, part: StoringPart): Promise<void> {
  const { keys, upload, number, range, bucket } = part
  const piece = await deps.ingest.receive(bytesOf(deps, part), {
    tenant: keys,
    digests: new Set(),
    sizeHint: range.end - range.start,
    sizeMax: putBytesMax,
  })
  const stored = {
    number,
    size: piece.size,
    etag: piece.md5.toString('hex'),
    crc32: piece.crc32,
    checksum: { algorithm: 'CRC32', value: piece.digest('CRC32').toString('base64') },
    modifiedMs: deps.now(),
  } as const
  const outcome = await piece.commit((data) =>
    deps.metadata.uploads.commitPart(bucket, upload, { ...stored, data }),
  )
  if (outcome.is === 'committed') return
  throw uploadGone()
}

async function* bytesOf(
  { zip }: StoreDeps,
  { manifest, keys, range, progress, claimed }: StoringPart,
): AsyncGenerator<Buffer, void, void> {
  let at = range.start
  for await (const batch of zip.read(manifest, keys, range)) {
    claimed.signal.throwIfAborted()
    for (const buffer of batch) {
      yield buffer
      at += buffer.length
    }
    await progress.reached(at)
  }
}

/** What is stored must be what was frozen, to the last byte. */
function objectOf(
  manifest: Manifest,
  upload: Upload,
  stored: ReadonlyMap<number, StoredPart>,
): CompletedObject {
  const named = [...stored.values()]
    .sort((a, b) => a.number - b.number)
    .map(({ number, etag }) => ({ number, etag, checksums: {} }))
  const { uploadId, checksum } = upload
  const object = completeParts({ uploadId, checksum, named, stored })
  if (isArchive(object, manifest)) return object
  throw new JobFailed('What was stored is not the archive: somebody has written to its upload.')
}

function isArchive(
  object: { readonly size: number; readonly crc32: number },
  { totalBytes, crc32 }: Manifest,
): boolean {
  return object.size === totalBytes && object.crc32 === crc32
}

async function complete(deps: StoreDeps, storing: Storing, upload: Upload): Promise<StoredResult> {
  const { metadata, now } = deps
  const { bucket, manifest } = storing
  const { parts, revision } = await uploadedParts(deps, storing, upload)
  const object = objectOf(manifest, upload, parts)
  const { size, etag, crc32, checksum } = object
  const { headers, userMetadata, tags, storageClass } = upload
  const outcome = await metadata.uploads.complete({
    bucket,
    upload,
    revision,
    parts: object.parts,
    content: { size, etag, crc32, checksum, headers, userMetadata, tags, storageClass },
    nowMs: now(),
  })
  if (outcome.is === 'committed') return { versionId: outcome.versionId, etag }
  if (outcome.is === 'noSuchBucket') throw destinationGone()
  throw new Error(`the upload of the archive could not be completed: ${outcome.is}`)
}
