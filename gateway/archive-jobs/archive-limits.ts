// Every limit of archive jobs. `docs/archives.md` shows them to users.
import type { ArchiveSizeClass } from '../../metadata/job-kinds.ts'
import type { LaneOptions } from '../background/job-work.ts'

const second = 1_000
const minute = 60 * second
const day = 24 * 60 * minute
const gib = 1024 * 1024 * 1024

/** Of the JSON that asks for one. */
export const archiveRequestBytesMax = 64 * 1024
export const archiveLifeMsDefault = 7 * day
export const archiveLifeMsMax = 90 * day
/** A job that has not come to its end by then fails: so long, what it is about to read is held. */
export const jobLifeMs = 7 * day
/** Of a tenant, waiting and running. Half of the lists that a tenant may hold (`zip-limits.ts`). */
export const jobsUnderWayMax = 500
/** Jobs that are over are remembered for so long. */
export const jobRememberedMs = 7 * day
/** Of a presigned URL: what Signature Version 4 allows. */
export const presignedSecondsMax = 604_800

/** Archives up to this many bytes and entries are small. */
export const smallBytesMax = gib
export const smallEntriesMax = 100_000
/** Where jobs of a class wait, and how many of them a server runs at once. */
export const archiveLanes: Readonly<Record<ArchiveSizeClass, LaneOptions>> = {
  small: { name: 'archive-small', atOnce: 2, lookEveryMs: second },
  large: { name: 'archive-large', atOnce: 1, lookEveryMs: second },
}

export const attemptsMax = 5
/** Progress is noted, and a cancellation met, at least so often while bytes flow. */
export const progressEveryMs = 500
