// The list of headers a signature covers, and what it must cover.
import { S3Error } from '../s3-error.ts'
import type { PresentedSignature } from './signed-request.ts'

/** Lower case and sorted, as the canonical request wants them; undefined when a name is empty. */
export function parseSignedHeaders(raw: string): readonly string[] | undefined {
  const names = raw.toLowerCase().split(';')
  let isSorted = true
  for (let at = 0; at < names.length; at += 1) {
    const name = names[at] ?? ''
    if (name === '') return undefined
    if (at > 0 && name < (names[at - 1] ?? '')) isSorted = false
  }
  // Header names are ASCII tokens, so that the order of code units is the order of bytes.
  return isSorted ? names : names.sort()
}

/**
 * The host and every `x-amz-` header must be signed, lest someone who has seen a request adds to it.
 * Throws `AccessDenied` with the names in `HeadersNotSigned`.
 */
export function requireSignedHeaders(presented: PresentedSignature): void {
  const missing: string[] = []
  if (!presented.signedHeaders.includes('host')) missing.push('host')
  for (const name of presented.headers.keys()) {
    if (name.startsWith('x-amz-') && !presented.signedHeaders.includes(name)) missing.push(name)
  }
  if (missing.length === 0) return
  throw new S3Error(
    'AccessDenied',
    { HeadersNotSigned: missing.join(', ') },
    { message: 'There were headers present in the request which were not signed' },
  )
}
