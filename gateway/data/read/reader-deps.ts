// What reading a stored object needs, and what it answers when the data are not what they should be.

import type { BlobStore } from '../../../datanode/blob-store.ts'
import type { MetadataStore } from '../../../metadata/metadata-store.ts'
import type { ObjectData, Part, PartsPlace } from '../../../metadata/records.ts'
import type { HalfOpenRange } from '../../../protocol/s3/range.ts'
import type { TenantKeys } from '../../access/keys/tenant-keys.ts'

export type ReaderDeps = {
  readonly metadata: {
    readonly chunks: Pick<MetadataStore['chunks'], 'readList'>
    readonly uploads: {
      readParts(
        place: PartsPlace,
        numbers: readonly number[],
      ): Promise<readonly Pick<Part, 'data'>[]>
    }
  }
  readonly blobs: Pick<BlobStore, 'read' | 'readMany'>
  readonly tenantKeys: TenantKeys
  /** Frames of 64 KiB to read at once, asked before each read. Default 16. */
  readonly framesAtOnce?: () => number
}

export type ObjectSource = { readonly data: ObjectData; readonly size: number }

/** `range`: plaintext offsets. */
export type ObjectRange = { readonly source: ObjectSource; readonly range: HalfOpenRange }

/** Data that metadata refers to and that cannot be read whole and true: never served short. */
export class UnreadableData extends Error {
  override readonly name = 'UnreadableData'
}
