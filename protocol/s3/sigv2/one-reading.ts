// The string of Signature Version 2 joins decoded names and values with `&`, `=`, `:` and line ends, and
// escapes none of them: `partNumber=1%26uploadId%3DX` is signed as `partNumber=1&uploadId=X` is. What could
// be read in two ways is refused here, so that a signature is good for one request alone.
import { isHeaderName, isHeaderValue } from '../header-text.ts'
import type { Query } from '../request-target.ts'
import { S3Error } from '../s3-error.ts'
import { isSignedParameter } from './string-to-sign.ts'

/**
 * Throws `AccessDenied` for a signed parameter that is there twice or whose value holds another one, and
 * for an `x-amz-` parameter that is there twice or could be no header.
 */
export function refuseSecondReading(query: Query): void {
  const seen = new Set<string>()
  for (const { name, value } of query.parameters) {
    const header = name.toLowerCase()
    const isHeader = header.startsWith('x-amz-')
    if (!isHeader && !isSignedParameter(name)) continue
    const key = isHeader ? header : name
    const isSound = isHeader
      ? isHeaderName(header) && isHeaderValue(Buffer.from(value, 'utf8').toString('latin1'))
      : !holdsParameter(value)
    if (!isSound || seen.has(key)) throw ambiguous(name)
    seen.add(key)
  }
}

/** `a & b` holds none: nothing signed is called ` b`. */
function holdsParameter(value: string): boolean {
  if (!value.includes('&')) return false
  return value
    .split('&')
    .slice(1)
    .some((piece) => isSignedParameter(piece.split('=', 1)[0] ?? ''))
}

function ambiguous(name: string): S3Error {
  return new S3Error(
    'AccessDenied',
    { ArgumentName: name },
    {
      message:
        'Signature Version 2 signs this parameter in a way that has two meanings. Please use AWS4-HMAC-SHA256.',
    },
  )
}
