// Why something could not be had from elsewhere, for whoever has asked for it; and whether another
// attempt may end better. Says nothing that is secret: neither queries of URLs nor credentials.
import { S3Error } from '../../../protocol/s3/s3-error.ts'

export class SourceFailure extends S3Error {
  /** The source, or the way to it, may be better off later. */
  readonly isTransient: boolean

  /** The message: `source` as `describeSource` names it, and what is wrong with it. */
  constructor(source: string, what: string, kind: 'transient' | 'permanent') {
    // Without a cause: what a library throws may hold the request, signature and all.
    super('InvalidRequest', {}, { message: `${source} ${what}.` })
    this.isTransient = kind === 'transient'
  }
}

/** An address that a source may not be at. */
export class AddressRefused extends Error {
  override readonly name = 'AddressRefused'
}

/** By the status of an answer that is not the one asked for. */
export function failedAnswer(source: string, said: string, status: number): SourceFailure {
  const isTransient = status >= 500 || status === 408 || status === 429
  return new SourceFailure(source, `answered ${said}`, isTransient ? 'transient' : 'permanent')
}

/** Of a request that got no answer, or only the beginning of one. */
export function failedConnection(source: string, what: string, cause: unknown): SourceFailure {
  if (cause instanceof SourceFailure) return cause
  if (causesOf(cause).some((each) => each instanceof AddressRefused)) {
    return new SourceFailure(source, 'is at an address that is not public', 'permanent')
  }
  const code = causesOf(cause)
    .map(codeOf)
    .find((each) => each !== undefined)
  const why = code === undefined ? what : `${what} (${code})`
  const isPermanent = code !== undefined && permanentCodes.test(code)
  return new SourceFailure(source, why, isPermanent ? 'permanent' : 'transient')
}

/** There is no such name; or its certificate does not hold. */
const permanentCodes = /^(ENOTFOUND|CERT_.*|.*_CERT(_.*)?|ERR_TLS_.*|.*_SIGNATURE|EPROTO)$/

function causesOf(cause: unknown): readonly unknown[] {
  const found: unknown[] = []
  for (let at = cause; at instanceof Error && found.length < 5; at = at.cause) found.push(at)
  return found
}

function codeOf(cause: unknown): string | undefined {
  if (!(cause instanceof Error) || !('code' in cause)) return undefined
  const { code } = cause
  return typeof code === 'string' && /^[A-Z0-9_]{1,64}$/.test(code) ? code : undefined
}
