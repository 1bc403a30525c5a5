// What is in a directory.
import { readdir } from 'node:fs/promises'

/** Of nothing, or of a file, none. */
export async function namesIn(directory: string): Promise<readonly string[]> {
  try {
    return await readdir(directory)
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? cause.code : undefined
    if (code === 'ENOENT' || code === 'ENOTDIR') return []
    throw cause
  }
}
