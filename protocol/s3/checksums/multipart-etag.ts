// The ETag of a completed multipart upload.
import { createHash } from 'node:crypto'

/** `<MD5 of the parts' MD5s, in hex>-<number of parts>`, without quotes. `partMd5s` are hex ETags of parts. */
export function multipartEtag(partMd5s: readonly string[]): string {
  const md5 = createHash('md5')
  for (const hex of partMd5s) md5.update(hex, 'hex')
  return `${md5.digest('hex')}-${partMd5s.length}`
}
