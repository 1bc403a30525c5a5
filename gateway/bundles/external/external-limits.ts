// Limits of what bundles gather from elsewhere. `docs/bundles.md` shows them to users.
import type { LaneOptions } from '../../background/job-work.ts'

const gib = 1024 * 1024 * 1024

/** Of one request. */
export const externalEntriesMax = 20
export const externalBytesMax = 5 * gib
/** UTF-8 bytes of a URL, and of each other text that names a source or opens it. */
export const sourceTextBytesMax = 4096
export const redirectsMax = 5
/** A source that sends nothing for so long is given up. */
export const silenceMs = 30_000
/** All sources of one request together, in one attempt. */
export const gatherMsMax = 10 * 60_000
/** What a source says of a failure is read so far. */
export const errorBytesMax = 64 * 1024

/** The first one included. */
export const attemptsMax = 5

/** Gatherings that a server has under way at once, and how many of them may be one tenant's. */
export const gatheringLane: LaneOptions = {
  name: 'gathering',
  atOnce: 4,
  ofTenantMax: 2,
  lookEveryMs: 250,
}
