// Whether a request is a call that is to be answered, by its head alone: who may not call learns nothing else.
import type { IncomingMessage } from 'node:http'
import { type BlobVerb, blobVerbAt, blobWireVersion } from '../../protocol/blob-http/blob-verbs.ts'
import { judgeHead, type Refusal, refused } from '../../protocol/cluster/call-head.ts'
import { nodeVerbs } from './node-verbs.ts'

export type JudgedCall =
  | {
      readonly is: 'call'
      readonly verb: BlobVerb
      /** Of its body. */
      readonly bytes: number
      readonly forMs: number
    }
  | Refusal

export function judgeCall(incoming: IncomingMessage, isAllowed: boolean): JudgedCall {
  if (!isAllowed) return refused(401, 'this needs the secret of the cluster')
  const { url = '' } = incoming
  const verb = blobVerbAt(url)
  if (verb === undefined) return unknownVerb(url)
  const head = judgeHead(incoming, nodeVerbs[verb].bytesMax)
  return head.is === 'refused' ? head : { is: 'call', verb, bytes: head.bytes, forMs: head.forMs }
}

function unknownVerb(url: string): Refusal {
  const version = /^\/v(\d{1,9})\//.exec(url)?.[1]
  if (version === undefined || Number(version) === blobWireVersion) {
    return refused(501, 'this data node has no such verb: it is older than who asks')
  }
  return refused(
    404,
    `this data node speaks version ${blobWireVersion} of the calls, and was asked in version ${version}: upgrade the older of the two`,
  )
}
