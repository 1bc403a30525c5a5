// What the keeper of a remote node asks of it. A node that is out of reach throws `DataNodeUnavailable`, and is come
// back to.
import { strict as assert } from 'node:assert'
import type { BlobVerb } from '../../protocol/blob-http/blob-verbs.ts'
import { openAnswer } from '../../protocol/blob-http/checked-head.ts'
import {
  encodeKeeper,
  keeperAnswerBytesMax,
  parseListAnswer,
  parseReclaimAnswer,
  parseScrubAnswer,
  parseUsageAnswer,
} from '../../protocol/blob-http/keeper-calls.ts'
import type { BlobNode } from '../blob-node.ts'
import { type BlobCall, refsAtOnceMax } from '../blob-store.ts'
import type { CallNode } from './call-node.ts'
import { DataNodeUnavailable } from './node-failures.ts'

type KeeperVerb = Extract<BlobVerb, 'list' | 'usage' | 'reclaim' | 'scrub'>

export function keeperVerbs(callNode: CallNode, forMs: number): Pick<BlobNode, KeeperVerb> {
  async function ask<Value>(
    verb: KeeperVerb,
    asked: Readonly<Record<string, unknown>>,
    { call, parse }: { readonly call: BlobCall | undefined; parse(head: Buffer): Value },
  ): Promise<Value> {
    const answered = await callNode({
      verb,
      head: encodeKeeper(asked),
      answerBytesMax: keeperAnswerBytesMax,
      parse: (answer, check) => parse(openAnswer(answer, check)),
      forMs,
      signal: call?.signal,
      attempts: 'patient',
    })
    if (answered.is === 'answered') return answered.value
    throw new DataNodeUnavailable('the data node is out of reach', { cause: answered.cause })
  }
  return {
    list: async (page, call) => {
      assert(page.limit >= 1 && page.limit <= refsAtOnceMax, 'a page of no length')
      const asked = { after: page.after, limit: page.limit, minAgeMs: page.minAgeMs }
      const { refs, next } = await ask('list', asked, { call, parse: parseListAnswer })
      return next === undefined ? { blobs: refs } : { blobs: refs, next }
    },
    usage: (call) => ask('usage', {}, { call, parse: parseUsageAnswer }),
    reclaim: (budgetBytes, call) =>
      ask('reclaim', { budgetBytes }, { call, parse: parseReclaimAnswer }),
    scrub: async (budgetBytes, call) => {
      const found = await ask('scrub', { budgetBytes }, { call, parse: parseScrubAnswer })
      return { corrupt: found.refs, wrapped: found.wrapped, problems: found.problems }
    },
  }
}
