// Chunks that cannot be reached now: neither gone nor damaged. Clients are told to come again (503), work of
// ours does so by itself, and what was sent in part is broken off.
import { S3Error } from '../../protocol/s3/s3-error.ts'

const message = 'Stored data cannot be reached at the moment. Please try again.'

export class ChunksUnavailable extends S3Error {
  /** `what`: for the log. */
  constructor(what: string) {
    super('SlowDown', {}, { message, cause: new Error(`${what} cannot be reached`) })
  }
}
