// Whether a request is a call that is to be answered, by its head alone and from the outside in: who may not call
// learns nothing else.
import type { IncomingMessage } from 'node:http'
import { type ServedVerb, verbAt, wireVersion } from '../wire/verb-table.ts'
import { callBytesMax, callMsMax, deadlineHeader } from '../wire/wire-limits.ts'

export type Refusal = {
  readonly is: 'refused'
  readonly status: number
  /** A sentence for whoever set it up. */
  readonly why: string
}

export type JudgedCall =
  | {
      readonly is: 'call'
      readonly served: ServedVerb
      /** Of the arguments. */
      readonly bytes: number
      readonly forMs: number
    }
  | Refusal

export function judgeCall(
  { url = '', method, headers }: IncomingMessage,
  isAllowed: boolean,
): JudgedCall {
  if (!isAllowed) return refused(401, 'this needs the secret of the cluster')
  const served = verbAt(url)
  if (served === undefined) return unknownVerb(url)
  if (method !== 'POST') return refused(405, 'verbs are called by POST')
  const bytes = numberOf(headers['content-length'])
  const forMs = numberOf(headers[deadlineHeader])
  if (bytes === undefined) return refused(411, 'a call says how long it is')
  if (bytes > callBytesMax) return refused(413, `a call has at most ${callBytesMax} bytes`)
  if (forMs === undefined) return refused(400, `${deadlineHeader} is missing`)
  return { is: 'call', served, bytes, forMs: Math.min(forMs, callMsMax) }
}

export function refused(status: number, why: string): Refusal {
  return { is: 'refused', status, why }
}

/** A whole number of at most nine digits. */
function numberOf(header: string | string[] | undefined): number | undefined {
  return typeof header === 'string' && /^\d{1,9}$/.test(header) ? Number(header) : undefined
}

function unknownVerb(url: string): Refusal {
  const version = /^\/v(\d{1,9})\//.exec(url)?.[1]
  if (version === undefined || Number(version) === wireVersion) {
    return refused(501, 'this metadata service has no such verb: it is older than who asks')
  }
  return refused(
    404,
    `this metadata service speaks version ${wireVersion} of the calls, and was asked in version ${version}: upgrade the older of the two`,
  )
}
