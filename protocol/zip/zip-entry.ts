// What an archive holds, as far as its bytes depend on it.

export type ZipEntry = {
  /** As `entryName` makes it; a directory's ends with `/`. */
  readonly name: string
  /** Bytes; 0 of a directory. */
  readonly size: number
  /** CRC-32 (IEEE) of the content; 0 of a directory. */
  readonly crc32: number
  /** Milliseconds since 1970. */
  readonly modifiedMs: number
}

export function isDirectory(entry: Pick<ZipEntry, 'name'>): boolean {
  return entry.name.endsWith('/')
}
