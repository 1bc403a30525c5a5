// Places of what lies beside an object (`KeyDocument.s`). The first digit says what it is; within a key, they
// are in the order in which they are listed: the top, older versions newest first, and so on.
import type { CommitId } from '../commit-id.ts'
import type { UploadId } from '../records.ts'

/** The newest version of the key or delete marker: it is there for as long as the key has any. */
export const topPlace = '0'

/** Of a version that is not the newest. */
export function olderPlace(rowId: string): string {
  return `1${rowId}`
}

/** Behind all versions. */
export const afterVersions = '2'

export function uploadPlace(uploadId: string): string {
  return `2${uploadId}`
}

/** Of the upload at this place. */
export function uploadIdAt(place: string): string {
  return place.slice(1)
}

/** Part numbers end at 65,535. */
export function partPlace(uploadId: UploadId, number: number): string {
  return `${partsPlace(uploadId)}${number.toString().padStart(5, '0')}`
}

/** The beginning of the places of all parts of an upload. */
export function partsPlace(uploadId: string): string {
  return `3${uploadId}`
}

export function completionPlace(uploadId: UploadId): string {
  return `4${uploadId}`
}

export function commitPlace(commitId: CommitId): string {
  return `5${commitId}`
}

/** `name` is unique within the key. */
export function taskPlace(name: string): string {
  return `6${name}`
}

/** What a change has added to what the bucket holds, where nothing of it stays. `name` is unique within the key. */
export function notePlace(name: string): string {
  return `7${name}`
}

/** Of a version that was removed, and is not released yet. */
export function gravePlace(rowId: string): string {
  return `9${rowId}`
}
