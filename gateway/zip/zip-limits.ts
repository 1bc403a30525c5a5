// Every limit of bulk downloads. `docs/zip.md` shows them to users.

const second = 1_000
const minute = 60 * second
const mib = 1024 * 1024

/** A manifest lives this long after its last use, and with it the data it refers to. */
export const manifestLifeMs = 24 * 60 * minute
/** A use is noted at most this often. */
export const touchEveryMs = 5 * minute
/** Who reads an archive says so this often. */
export const noteUseEveryMs = 5 * second
/** One that is being made, of which nobody has said so for so long, was left by a process that died. */
export const abandonedAfterMs = 5 * minute
/** An archive that nobody has read for so long may go when space is short. */
export const idleAfterMs = 15 * second
/** What was used this recently may be in use, so that no other archive takes its place. */
export const busyMs = 2 * touchEveryMs

/** How often a list is begun again whose moment the metadata store has lost. */
export const triesPerFreeze = 3

export const manifestsPerTenantMax = 1_000
/** Entries of one archive, and of all manifests of a tenant together. A row takes about 100 bytes. */
export const entriesPerTenantMax = 20_000_000

/** What a page of a manifest holds: its decoding is the memory of a slow reader. */
export const pageEntriesMax = 64
export const pageTextMax = 32 * 1024
/** Pages that are being written at once. */
export const pagesUnderWay = 32

/** Bytes of the filter that finds keys which clash on Windows. Changing it changes archives. */
export const clashFilterBytes = 8 * mib

/** Ranges of one request; with more of them the whole archive is sent. */
export const rangesMax = 16

/** Bytes of a part asked for by `partNumber`, doubled until an archive has few enough of them. */
export const partBytesMin = 64 * mib

/** Read at once for a slow client, in bytes of the archive; nothing is read ahead of it. */
export const slowStepBytes = 64 * 1024
/** Read ahead of a fast one, in steps. */
export const fastStepBytes = mib
export const fastStepsAhead = 1
/** What a fast client holds of the process's budget: steps under way, and the one being sent. */
export const fastLaneBytes = 2 * mib
export const readAheadBytes = 8 * mib
/** With so many readers at once nothing is read ahead, and memory comes before speed. */
export const manyReaders = 32
/** Entries that one step reads at most. */
export const stepEntriesMax = 256
/** An entry with so many bytes to be read is read for itself, as a GET would. */
export const largeBytesMin = 8 * mib
/**
 * A client is fast that takes so many bytes before it has kept us waiting for so long, all in all:
 * sockets swallow a MiB or two at once, whoever reads them.
 */
export const judgedBytes = 4 * mib
export const slowAfterMs = 400
/**
 * Of a new client these are enough, though sockets may swallow as much: most are fast. A crowd that
 * comes at once is seen by then.
 */
export const firstJudgedBytes = mib
