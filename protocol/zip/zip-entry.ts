// What an archive holds, as far as its bytes depend on it; and the time of an entry in the two forms archives
// have: DOS time, which knows no time zone and here is UTC, so that the same archive comes out everywhere; and
// the extra field `UT` with seconds since 1970, which extractors that know it turn into the right local time.
// https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT 4.4.6
// https://libzip.org/specifications/extrafld.txt (0x5455)

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

type DosTime = { readonly date: number; readonly time: number }

const earliest: DosTime = { date: (1 << 5) | 1, time: 0 }
const latest: DosTime = { date: (127 << 9) | (12 << 5) | 31, time: (23 << 11) | (59 << 5) | 29 }

/** UTC, by two seconds, held to the years 1980 to 2107. */
export function dosTime(ms: number): DosTime {
  const at = new Date(ms)
  const year = at.getUTCFullYear()
  if (year < 1980) return earliest
  if (year > 2107) return latest
  return {
    date: ((year - 1980) << 9) | ((at.getUTCMonth() + 1) << 5) | at.getUTCDate(),
    time: (at.getUTCHours() << 11) | (at.getUTCMinutes() << 5) | Math.floor(at.getUTCSeconds() / 2),
  }
}

export const timeFieldBytes = 9

/** The field has 32 bits with a sign: until 2038. Later times have no such field. */
export function hasTimeField(ms: number): boolean {
  const seconds = Math.floor(ms / 1000)
  return seconds >= -(2 ** 31) && seconds < 2 ** 31
}

/** Writes the extra field and returns the offset behind it. */
export function writeTimeField(target: Buffer, offset: number, ms: number): number {
  let at = target.writeUInt16LE(0x5455, offset)
  at = target.writeUInt16LE(timeFieldBytes - 4, at)
  at = target.writeUInt8(1, at)
  return target.writeInt32LE(Math.floor(ms / 1000), at)
}
