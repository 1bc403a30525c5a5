// Bounds on documents, looked at before they are parsed: parsing costs microseconds an element, and
// anybody may send them. What no request needs is refused.
import { S3Error } from '../s3-error.ts'

/** Angle brackets that open: ten thousand parts with a checksum each have 80,000. */
const tagsMax = 120_000
/** Characters from one angle bracket to the next: a key of 1,024 bytes, escaped, and far more. */
const runMax = 64 * 1024

/** Throws `MalformedXML`. One pass, linear. */
export function checkXmlBounds(document: string): void {
  let tags = 0
  let at = 0
  while (at < document.length) {
    const next = document.indexOf('<', at)
    const end = next < 0 ? document.length : next
    if (end - at > runMax) throw new S3Error('MalformedXML')
    if (next < 0) return
    tags += 1
    if (tags > tagsMax) throw new S3Error('MalformedXML')
    at = next + 1
  }
}
