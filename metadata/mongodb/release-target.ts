// What a task of the kind `release` gives back, as the body of the task (`TaskFields.body`). A removed version
// says it itself, and has no body.
import type { ChunkRef } from '../../protocol/chunks/chunk-ref.ts'
import { encodeChunkRefs, parseChunkRefs } from '../codec/chunk-ref-codec.ts'
import {
  bytesAt,
  count,
  decodeRecord,
  encodeRecord,
  id,
  text,
  word,
} from '../codec/record-frame.ts'
import { parseBucketId, parseChunkListId, parseUploadId } from '../record-ids.ts'
import type { BucketId, ChunkListId, PartsPlace } from '../records.ts'

export type ReleaseTarget =
  /** References that nothing else names any more. */
  | { readonly what: 'chunks'; readonly refs: readonly ChunkRef[] }
  | { readonly what: 'list'; readonly listId: ChunkListId }
  /** All parts of an upload. */
  | { readonly what: 'parts'; readonly place: PartsPlace }
  /** Those of them behind `after` that the version of this row does not name. */
  | {
      readonly what: 'unnamedParts'
      readonly place: PartsPlace
      readonly rowId: string
      readonly after: number
    }
  /** Uploads of a bucket that is gone, and what a commit that died has left under its id. */
  | { readonly what: 'bucketLeftovers'; readonly bucketId: BucketId }
  /** What a life of a lease has covered and held, which is over: to be held by others, or released. */
  | { readonly what: 'endedLife'; readonly life: number }

const targets = [
  'chunks',
  'list',
  'parts',
  'unnamedParts',
  'bucketLeftovers',
  'endedLife',
] as const satisfies readonly ReleaseTarget['what'][]

export function encodeReleaseTarget(target: ReleaseTarget): Buffer {
  return encodeRecord(1, [targets.indexOf(target.what), ...fieldsOf(target)])
}

function fieldsOf(target: ReleaseTarget): readonly unknown[] {
  switch (target.what) {
    case 'chunks':
      return [encodeChunkRefs(target.refs)]
    case 'list':
      return [target.listId]
    case 'parts':
      return placeFields(target.place)
    case 'unnamedParts':
      return [...placeFields(target.place), target.rowId, target.after]
    case 'bucketLeftovers':
      return [target.bucketId]
    case 'endedLife':
      return [target.life]
    default:
      return target satisfies never
  }
}

function placeFields({ bucketId, key, uploadId }: PartsPlace): readonly unknown[] {
  return [bucketId, key, uploadId]
}

/** Throws `RecordCorrupt`. */
export function parseReleaseTarget(bytes: Buffer): ReleaseTarget {
  const fields = decodeRecord('release', bytes)
  const what = word(targets, fields, 0)
  const place = () => ({
    bucketId: id(parseBucketId, fields, 1),
    key: text(fields, 2),
    uploadId: id(parseUploadId, fields, 3),
  })
  switch (what) {
    case 'chunks':
      return { what, refs: parseChunkRefs(bytesAt(fields, 1)) }
    case 'list':
      return { what, listId: id(parseChunkListId, fields, 1) }
    case 'parts':
      return { what, place: place() }
    case 'unnamedParts':
      return { what, place: place(), rowId: text(fields, 4), after: count(fields, 5) }
    case 'bucketLeftovers':
      return { what, bucketId: id(parseBucketId, fields, 1) }
    case 'endedLife':
      return { what, life: count(fields, 1) }
    default:
      return what satisfies never
  }
}
