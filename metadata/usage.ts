// How much a bucket holds, and what a change adds to it. Sums of whole numbers, exact up to 2^53.
import type { VersionHead } from './codec/version-codec.ts'

export type Usage = {
  /** Of the data of all versions, as clients see them. */
  readonly bytes: number
  /** Keys whose newest version is an object. */
  readonly objects: number
  /** Objects of all keys, current or not; delete markers aside. */
  readonly versions: number
  readonly deleteMarkers: number
  /** Under way. */
  readonly uploads: number
  /** Of the parts of uploads under way, as clients see them. */
  readonly partBytes: number
}

/** What is added: less than nothing, where something is removed. */
export type UsageChange = Partial<Usage>

export const usageFields = [
  ...(['bytes', 'objects', 'versions', 'deleteMarkers', 'uploads', 'partBytes'] as const),
] satisfies readonly (keyof Usage)[]

export const noUsage: Usage = {
  ...{ bytes: 0, objects: 0, versions: 0, deleteMarkers: 0, uploads: 0, partBytes: 0 },
}

export function addUsage(usage: Usage, change: UsageChange): Usage {
  return {
    bytes: usage.bytes + (change.bytes ?? 0),
    objects: usage.objects + (change.objects ?? 0),
    versions: usage.versions + (change.versions ?? 0),
    deleteMarkers: usage.deleteMarkers + (change.deleteMarkers ?? 0),
    uploads: usage.uploads + (change.uploads ?? 0),
    partBytes: usage.partBytes + (change.partBytes ?? 0),
  }
}

export function isUsageEqual(one: Usage, other: Usage): boolean {
  return usageFields.every((field) => one[field] === other[field])
}

/** What one version comes to, wherever it stands among those of its key. */
export function usageOfVersion(head: VersionHead): UsageChange {
  return head.is === 'deleteMarker' ? { deleteMarkers: 1 } : { versions: 1, bytes: head.size }
}

/** The same, of one that is removed. */
export function usageWithout(head: VersionHead): UsageChange {
  return head.is === 'deleteMarker' ? { deleteMarkers: -1 } : { versions: -1, bytes: -head.size }
}
