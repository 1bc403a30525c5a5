// Every limit of bundles. `docs/bundles.md` shows them to users.
import type { LaneOptions } from '../background/job-work.ts'

const second = 1_000
const minute = 60 * second
const day = 24 * 60 * minute
const mib = 1024 * 1024
const gib = 1024 * mib

/** Of the JSON that asks for one. */
export const bundleRequestBytesMax = 8 * mib
/** Keys, prefixes and globs named in one request. */
export const selectionsMax = 10_000
/** Entries they come to, in the whole bundle. */
export const bundleEntriesMax = 1_000_000
/** UTF-8 bytes of an entry's name as asked for. */
export const entryNameBytesMax = 1024
export const fileNameBytesMax = 200
export const globBytesMax = 1024
/** Wildcards of one glob. */
export const globWildcardsMax = 16

/** A request with entries from elsewhere waits so long for them, and looks so often. */
export const gatheringWaitMs = 10 * second
export const gatheringLookMs = 100
/** When a bundle that is not ready is worth asking for again. */
export const retryAfterSeconds = 5

export const bundleLifeMsDefault = 7 * day
export const bundleLifeMsMax = 90 * day
/** Downloads under way at the expiry may go on for so long. */
export const afterExpiryMs = 60 * minute
/** An expired bundle answers 410 for so long, and 404 from then on. */
export const rememberedMs = 30 * day
/** A bundle of no more entries holds these alone, a larger one what its keys, prefixes and globs cover. */
export const rowsNamedMax = 10_000
/** The newest states of a bundle stay, for downloads that began before it was appended to. */
export const statesKept = 4
/** Names that look doubled and have to be remembered to be sure. */
export const suspectsMax = 100_000

/** Entries from elsewhere, of one request. */
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

/** Of a gathering, the first one included. */
export const gatherAttemptsMax = 5

/** Gatherings that a server has under way at once, and how many of them may be one tenant's. */
export const gatheringLane: LaneOptions = {
  name: 'gathering',
  atOnce: 4,
  ofTenantMax: 2,
  lookEveryMs: 250,
}
