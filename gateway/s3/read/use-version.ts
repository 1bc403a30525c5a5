// Reads a version that nobody holds: it may be replaced or deleted, and its data given back, between
// the look-up and the reading. Then what is there now is the answer.
import { S3Error } from '../../../protocol/s3/s3-error.ts'
import type { FoundVersion } from './find-version.ts'

/**
 * Runs `use` on what `find` finds. When that fails and the version found has gone meanwhile, begins
 * again with the one that is there now; otherwise the failure is thrown on.
 */
export async function useVersion<T>(
  find: () => Promise<FoundVersion>,
  use: (found: FoundVersion) => Promise<T>,
): Promise<T> {
  let found = await find()
  for (;;) {
    try {
      return await use(found)
    } catch (cause) {
      if (cause instanceof S3Error) throw cause
      const now = await find()
      if (now.version.rowId === found.version.rowId) throw cause
      found = now
    }
  }
}
