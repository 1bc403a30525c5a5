/**
 * Bytes on their way to a reader: buffers that are written to its socket at once. A batch belongs to whoever takes
 * it, and is emptied when it was written: the generators it came through would hold its buffers until the
 * next one, and so once more for each reader that is slow.
 */
export type Batch = Buffer[]

export type Batches = AsyncGenerator<Batch, void, void>
