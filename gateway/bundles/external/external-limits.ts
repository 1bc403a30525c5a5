// Limits of what bundles fetch from elsewhere. `docs/bundles.md` shows them to users.

const gib = 1024 * 1024 * 1024

/** Of one request. */
export const externalEntriesMax = 20
export const externalBytesMax = 5 * gib
export const urlBytesMax = 4096
export const redirectsMax = 5
/** A source that sends nothing for so long is given up. */
export const silenceMs = 30_000
/** All sources of one request together. */
export const fetchMsMax = 10 * 60_000
/** Hidden objects that a process which died has left are removed after this time. */
export const leftoverMs = 24 * 60 * 60_000
