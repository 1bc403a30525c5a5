// Documents of the collection of chunks: how they are named, and what they say. A chunk has one document for all
// its generations, those that were condemned among them: whoever brings one to life and whoever condemns one
// write the same document, so that one of the two is told that he was too late.
import {
  type BlobRef,
  type ChunkId,
  type ChunkRef,
  type Generation,
  parseChunkId,
  parseGeneration,
} from '../../protocol/chunks/chunk-ref.ts'
import { encodeBlobRef } from '../codec/chunk-ref-codec.ts'
import { encodeRecord } from '../codec/record-frame.ts'
import type { TenantId } from '../records.ts'
import type { ChunkDocument } from './documents.ts'
import { freshTask } from './task-fields.ts'

/** The living generation of a chunk, and how many references hold it. */
export type LivingChunk = { readonly generation: Generation; readonly references: number }

export function chunkDocumentId(id: ChunkRef['id']): string {
  return id.toString('hex')
}

/** Of what there is about one blob: as a chunk's document, the task of deleting it, which sorts behind the chunk. */
export function blobDocumentId(blob: BlobRef): string {
  return `${chunkDocumentId(blob.id)}:${blob.generation}`
}

export function chunkIdOfDocument({ _id }: Pick<ChunkDocument, '_id'>): ChunkId {
  return parseChunkId(Buffer.from(_id, 'hex'))
}

export function livingChunk(document: ChunkDocument | undefined): LivingChunk | undefined {
  if (document?.g === undefined) return undefined
  const { g, refs = 0 } = document
  return { generation: parseGeneration(g), references: refs }
}

export function livesAs(document: ChunkDocument | undefined, blob: BlobRef): boolean {
  return livingChunk(document)?.generation === blob.generation
}

/** Adds the task of deleting a blob. Of one blob there is one, however often it was asked for. */
export function deletionWrite(tenantId: TenantId, blob: BlobRef) {
  const t = freshTask('deleteBlob', tenantId, encodeRecord(1, [encodeBlobRef(blob)]))
  return {
    updateOne: {
      filter: { _id: blobDocumentId(blob) },
      update: { $setOnInsert: { t } },
      upsert: true,
    },
  }
}
