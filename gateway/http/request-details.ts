// What an audit wants to know of a request besides its record: found out only when it is asked for. No value of a
// header or of the query is in it but those that are named here.
import { parseCopySource } from '../../protocol/s3/copy-source.ts'
import { headerText } from '../../protocol/s3/request-headers.ts'
import { S3Error } from '../../protocol/s3/s3-error.ts'
import type { Reply } from '../reply.ts'
import type { Begun } from './begun.ts'

/** Texts are as they came, and as long. */
export type RequestDetails = {
  readonly userAgent: string | undefined
  /** `1.1`. Undefined: it could not be read. */
  readonly httpVersion: string | undefined
  /** `TLSv1.3`. Undefined: without. */
  readonly tls: string | undefined
  /** As it was asked for: there may be no such bucket. Undefined: about none, or it could not be read. */
  readonly bucketName: string | undefined
  readonly key: string | undefined
  /** That was asked for; else the one that the answer names. */
  readonly versionId: string | undefined
  /** Of what is listed. */
  readonly prefix: string | undefined
  /** Of what is copied. */
  readonly source: DetailedSource | undefined
  /** The connection was gone before the whole answer was written. */
  readonly isCutOff: boolean
}

export type DetailedSource = {
  readonly bucketName: string
  readonly key: string
  readonly versionId?: string
}

/** `reply`: what was answered, if anything. */
export function detailsOf(begun: Begun, reply: Reply | undefined): RequestDetails {
  const { incoming, address, query, notes } = begun
  const written = reply?.headers?.['x-amz-version-id']
  return {
    userAgent: headerText(incoming.headers, 'user-agent'),
    httpVersion: incoming.httpVersion,
    tls: tlsOf(incoming.socket),
    bucketName: address?.bucket ?? notes.bucket?.name,
    key: address?.key ?? notes.formKey,
    versionId: query?.get('versionId') ?? (written === undefined ? undefined : String(written)),
    prefix: query?.get('prefix'),
    source: sourceOf(begun),
    isCutOff: begun.isCutOff,
  }
}

/** Of what is no request that could be read. */
export function unreadDetails(socket: object): RequestDetails {
  return {
    userAgent: undefined,
    httpVersion: undefined,
    tls: tlsOf(socket),
    bucketName: undefined,
    key: undefined,
    versionId: undefined,
    prefix: undefined,
    source: undefined,
    isCutOff: false,
  }
}

function tlsOf(socket: object): string | undefined {
  if (!('getProtocol' in socket) || typeof socket.getProtocol !== 'function') return undefined
  const protocol: unknown = socket.getProtocol()
  // Node has forgotten it of a connection that is gone.
  return typeof protocol === 'string' ? protocol : 'TLS'
}

const sourceHeader = 'x-amz-copy-source'

function sourceOf({ headers }: Begun): DetailedSource | undefined {
  const raw = headers && headerText(headers, sourceHeader)
  if (raw === undefined) return undefined
  try {
    const { tenant, ...source } = parseCopySource({ [sourceHeader]: withoutQuery(raw) })
    return tenant === undefined
      ? source
      : { ...source, bucketName: `${tenant}:${source.bucketName}` }
  } catch (cause) {
    // It has been answered so, or is of no meaning to what was asked.
    if (cause instanceof S3Error) return undefined
    throw cause
  }
}

/** Somebody may have copied a whole presigned URL: of what stands behind `?` only the id of a version is kept. */
function withoutQuery(source: string): string {
  const mark = source.indexOf('?')
  if (mark === -1) return source
  const version = /[?&]versionId=([^?&]*)/.exec(source.slice(mark))?.[0].slice(1)
  return version === undefined ? source.slice(0, mark) : `${source.slice(0, mark)}?${version}`
}
