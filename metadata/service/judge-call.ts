// Whether a request is a call that is to be answered, by its head alone and from the outside in: who may not call
// learns nothing else.
import type { IncomingMessage } from 'node:http'
import { judgeHead, type Refusal, refused } from '../../protocol/cluster/call-head.ts'
import { type ServedVerb, verbAt, wireVersion } from '../wire/verb-table.ts'
import { callBytesMax } from '../wire/wire-limits.ts'

export type JudgedCall =
  | {
      readonly is: 'call'
      readonly served: ServedVerb
      /** Of the arguments. */
      readonly bytes: number
      readonly forMs: number
    }
  | Refusal

export function judgeCall(incoming: IncomingMessage, isAllowed: boolean): JudgedCall {
  if (!isAllowed) return refused(401, 'this needs the secret of the cluster')
  const { url = '' } = incoming
  const served = verbAt(url)
  if (served === undefined) return unknownVerb(url)
  const head = judgeHead(incoming, callBytesMax)
  return head.is === 'refused' ? head : { is: 'call', served, bytes: head.bytes, forMs: head.forMs }
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
