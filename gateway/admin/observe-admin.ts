// What there is to say of a request of the admin API once it is answered, in the terms of all requests: for log and audit.
import { headerText } from '../../protocol/s3/request-headers.ts'
import type { RequestDetails } from '../http/request-details.ts'
import type { ObserveRequest } from '../http/request-record.ts'
import type { RequestNotes } from '../s3/request-notes.ts'
import type { AdminContext } from './api/admin-env.ts'

export type BegunAdmin = {
  /** Of the monotonic clock. */
  readonly beganMs: number
  readonly notes: RequestNotes
}

/** Told once of each request. */
export type ObserveAdmin = (c: AdminContext, begun: BegunAdmin) => void

export function observeAdmin(observe: ObserveRequest): ObserveAdmin {
  return (c, { beganMs, notes }) => {
    const { incoming } = c.env
    const { status } = c.res
    const totalMs = performance.now() - beganMs
    const problem = c.get('problem')
    // Of the route, not of the path: names in it are for its resource.
    const path = c.req.matchedRoutes.findLast((route) => route.method !== 'ALL')?.path
    observe({
      requestId: c.get('requestId'),
      notes,
      operation: `admin:${c.req.method} ${path ?? 'unknown'}`,
      method: c.req.method,
      remoteAddress: () => incoming.socket.remoteAddress,
      status,
      errorCode: problem?.code,
      bytesIn: Number(incoming.headers['content-length'] ?? 0),
      bytesOut: Number(c.res.headers.get('content-length') ?? 0),
      headMs: totalMs,
      totalMs,
      failure: status >= 500 ? problem?.cause : undefined,
      details: () => detailsOf(c),
    })
  }
}

function detailsOf(c: AdminContext): RequestDetails {
  const { incoming } = c.env
  return {
    userAgent: headerText(incoming.headers, 'user-agent'),
    httpVersion: incoming.httpVersion,
    tls: undefined,
    bucketName: c.req.param('bucket'),
    key: undefined,
    versionId: undefined,
    prefix: undefined,
    source: undefined,
    isCutOff: false,
  }
}
