// Which requests are audited, and by whom: every one but probes of health, which somebody sends every few seconds
// and which tell nothing of anybody's data.
import { healthPaths } from '../http/anonymous-routes.ts'
import type { ObserveRequest, RequestRecord } from '../http/request-record.ts'
import { requestLine } from './audit-line.ts'

/** Takes a line with its end, at once; what becomes of it is not the request's affair. Throws nothing. */
export type AddLine = (line: string) => void

/** A line for each request, when it has ended. */
export function auditRequests(
  add: AddLine,
  { now, hostId }: { readonly now: () => number; readonly hostId: string },
): ObserveRequest {
  return (record) => {
    if (isProbe(record)) return
    add(requestLine(record, { endedMs: now(), hostId }))
  }
}

/** Objects below a bucket of that name have operations of S3's. */
function isProbe({ operation }: RequestRecord): boolean {
  return operation.startsWith(`GET ${healthPaths}`) || operation.startsWith(`HEAD ${healthPaths}`)
}
