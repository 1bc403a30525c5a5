// Whether the file of a key would stand where a folder has to be: keys `a` and `a/b`. Between the two
// may stand any number of others (`a!`, `a-b`), so the next key tells only most of the time; where it
// does not, one seek in the listing does.

/**
 * `next` is the key that follows in byte order, if any. `unknown`: ask whether there is a key that
 * starts with `key + '/'`.
 */
export function folderClash(key: string, next: string | undefined): 'none' | 'folder' | 'unknown' {
  // Keys that begin alike stand together.
  if (next === undefined || !next.startsWith(key)) return 'none'
  const following = next.charCodeAt(key.length)
  if (following === slash) return 'folder'
  return following < slash ? 'unknown' : 'none'
}

const slash = 0x2f
