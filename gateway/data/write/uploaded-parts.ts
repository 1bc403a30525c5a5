// The parts of an upload under way, read in pages that fit together: what its completion is made from.
import type { BucketRef } from '../../../metadata/metadata-store.ts'
import type { Part } from '../../../metadata/records.ts'
import type { UploadRef, UploadStore } from '../../../metadata/upload-store.ts'
import { listKeysMax } from '../../../protocol/s3/limits.ts'

export type UploadedParts = {
  /** By number. */
  readonly parts: ReadonlyMap<number, Omit<Part, 'data'>>
  readonly revision: number
}

/** Parts up to this number. Absent: there is no such upload. */
export async function readUploadedParts(
  uploads: Pick<UploadStore, 'listParts'>,
  { bucket, upload }: { readonly bucket: BucketRef; readonly upload: UploadRef },
  last: number,
): Promise<UploadedParts | undefined> {
  const parts = new Map<number, Omit<Part, 'data'>>()
  let revision: number | undefined
  let after = 0
  for (;;) {
    const page = await uploads.listParts(bucket, upload, { after, limit: listKeysMax })
    if (page.is === 'noSuchUpload') return undefined
    // The oldest of them all: should another page be of a later one, the completion is told.
    revision ??= page.revision
    for (const part of page.parts) if (part.number <= last) parts.set(part.number, part)
    after = page.parts.at(-1)?.number ?? last
    if (!page.isTruncated || after >= last) return { parts, revision }
  }
}
