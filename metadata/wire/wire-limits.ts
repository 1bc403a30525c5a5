// How large and how long things may get between a metadata service and its clients.

const mebibyte = 1024 * 1024

/**
 * Of a call's arguments. The largest that the port allows are 16 follow-ups of 64 KiB, and the list of 10,000 parts;
 * pages of rows to be looked up come to some 2 MiB.
 */
export const callBytesMax = 16 * mebibyte

/** Of an answer: a page of 2,000 long keys and what belongs to each. */
export const answerBytesMax = 64 * mebibyte

/** Shown for a person who looks at it; both sides go by the version in the path. */
export const wireContentType = 'application/x-holdfast-metadata'
