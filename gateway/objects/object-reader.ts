// Reads plaintext of stored objects, whole or in part.
import assert from 'node:assert'
import type { BlobStore } from '../../datanode/blob-store.ts'
import type { MetadataStore } from '../../metadata/metadata-store.ts'
import type { ObjectData } from '../../metadata/records.ts'
import type { TenantKeys } from '../keys/tenant-keys.ts'

export type ReaderParts = {
  readonly metadata: {
    readonly chunks: Pick<MetadataStore['chunks'], 'readList'>
    readonly uploads: Pick<MetadataStore['uploads'], 'readPieces'>
  }
  readonly blobs: Pick<BlobStore, 'read'>
  readonly tenantKeys: TenantKeys
}
export type ObjectSource = { readonly data: ObjectData; readonly size: number }
/** Plaintext offsets, `end` exclusive. */
export type ByteRange = { readonly start: number; readonly end: number }

/** Data that metadata refers to and that cannot be read whole and true: never served short. */
export class UnreadableData extends Error {
  override readonly name = 'UnreadableData'
}

/** Batches of at most 1 MiB, to be written under one cork each. Throws `UnreadableData`. */
export function readBatches(
  parts: ReaderParts,
  source: ObjectSource,
  range: ByteRange,
): AsyncGenerator<readonly Buffer[], void, void> {
  assert.fail(`unfinished ${typeof parts} ${source.size} ${range.start}`)
}

/** The same as single buffers of at most 64 KiB. Throws `UnreadableData`. */
export async function* readPlaintext(
  parts: ReaderParts,
  source: ObjectSource,
  range: ByteRange,
): AsyncGenerator<Buffer, void, void> {
  for await (const batch of readBatches(parts, source, range)) yield* batch
}

/** The bytes when they are kept in metadata: at once, without a read. */
export function readInline(
  keys: Pick<TenantKeys, 'inlineKey'>,
  source: ObjectSource,
  range: ByteRange,
): Buffer | undefined {
  assert.fail(`unfinished ${typeof keys} ${source.size} ${range.start}`)
}
