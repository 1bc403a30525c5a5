// Commits that left no row which names them, or no longer, as bytes: what is answered to a repeat.
import { parseVersionId } from '../record-ids.ts'
import type { VersionId, VersioningStatus } from '../records.ts'
import { count, decodeRecord, encodeRecord, id, word } from './record-frame.ts'

/** What became of a version or a marker that was made, or of one that was removed. */
export type VersionCommit = {
  readonly versionId: VersionId
  readonly versioning: VersioningStatus
  readonly deleteMarker: boolean
}
export type Remembered =
  | ({ readonly is: 'committed' } & VersionCommit)
  | ({ readonly is: 'deleted' } & VersionCommit)
  | { readonly is: 'tagged'; readonly versionId: VersionId }
  | { readonly is: 'partCommitted' | 'aborted' | 'handedOver' | 'moved' }

// Append to both, never reorder.
const kinds = [
  'committed',
  'deleted',
  'tagged',
  'partCommitted',
  'aborted',
  'handedOver',
  'moved',
] as const satisfies readonly Remembered['is'][]
const statuses: readonly VersioningStatus[] = ['off', 'enabled', 'suspended']

export function encodeRemembered(commit: Remembered): Buffer {
  const kind = kinds.indexOf(commit.is)
  if (!('versionId' in commit)) return encodeRecord(1, [kind])
  if (!('versioning' in commit)) return encodeRecord(1, [kind, commit.versionId])
  const { versionId, versioning, deleteMarker } = commit
  return encodeRecord(1, [kind, versionId, statuses.indexOf(versioning), deleteMarker ? 1 : 0])
}

export function parseRemembered(bytes: Uint8Array): Remembered {
  const fields = decodeRecord('remembered commit', bytes)
  const is = word(kinds, fields, 0)
  switch (is) {
    case 'committed':
    case 'deleted': {
      const versionId = id(parseVersionId, fields, 1)
      const deleteMarker = count(fields, 3) === 1
      return { is, versionId, versioning: word(statuses, fields, 2), deleteMarker }
    }
    case 'tagged':
      return { is, versionId: id(parseVersionId, fields, 1) }
    default:
      return { is }
  }
}
