// What each call comes to at the node: its bytes are parsed, the node's verb is asked, and its answer made bytes.
import { strict as assert } from 'node:assert'
import type { BlobVerb } from '../../protocol/blob-http/blob-verbs.ts'
import {
  BadBlobMessage,
  type CallCheck,
  checkBytes,
  checkedAnswer,
  openCall,
} from '../../protocol/blob-http/checked-head.ts'
import {
  encodeKeeper,
  keeperCallBytesMax,
  parseBudgetCall,
  parseListCall,
  parseUsageCall,
  textOfRefs,
} from '../../protocol/blob-http/keeper-calls.ts'
import {
  deleteOutcomes,
  readOutcomes,
  stateOutcomes,
  writeOutcomes,
} from '../../protocol/blob-http/outcomes.ts'
import {
  framesWanted,
  parseReadCall,
  readCallBytesMax,
} from '../../protocol/blob-http/read-call.ts'
import { parseRefs, wireRefBytes } from '../../protocol/blob-http/wire-refs.ts'
import { parseWriteCall, writeCallBytesMax } from '../../protocol/blob-http/write-call.ts'
import { sameBlob } from '../../protocol/chunks/chunk-ref.ts'
import { digestPieces, framesSpan } from '../../protocol/chunks/frame-crc.ts'
import type { BlobNode } from '../blob-node.ts'
import { type BlobRead, refsAtOnceMax } from '../blob-store.ts'

export type Asked = {
  readonly node: BlobNode
  /** The verb may use it until it has ended. */
  readonly body: Buffer
  readonly signal: AbortSignal
  /** Memory for frames, of which so many bytes are asked for. Throws where there is too much under way. */
  readonly lend: (bytes: number) => Buffer
}

export type Told = { readonly head: Buffer; readonly frames: readonly Buffer[] }

type ServedVerb = {
  /** Of a call. */
  readonly bytesMax: number
  run(asked: Asked): Promise<Told>
}

const refsBytesMax = checkBytes + refsAtOnceMax * wireRefBytes

export const nodeVerbs: Readonly<Record<BlobVerb, ServedVerb>> = {
  write: { bytesMax: writeCallBytesMax, run: write },
  hasMany: { bytesMax: refsBytesMax, run: hasMany },
  read: { bytesMax: readCallBytesMax, run: read },
  delete: { bytesMax: refsBytesMax, run: deleteAll },
  list: { bytesMax: keeperCallBytesMax, run: list },
  usage: { bytesMax: keeperCallBytesMax, run: usage },
  reclaim: { bytesMax: keeperCallBytesMax, run: reclaim },
  scrub: { bytesMax: keeperCallBytesMax, run: scrub },
}

async function write({ node, body, signal }: Asked): Promise<Told> {
  const { ref, length, frames, check } = parseWriteCall(body)
  const pieces = [frames]
  try {
    const { is } = await node.write({ ref, length, pieces }, { signal })
    return told(writeOutcomes.encode([is]), check)
  } catch (cause) {
    // The node verifies what it stores. Only if it failed is it asked whether that was why: twice costs too much.
    if (digestPieces(pieces, length) !== undefined) throw cause
    throw new BadBlobMessage('frames were changed on their way', { cause })
  }
}

async function hasMany({ node, body, signal }: Asked): Promise<Told> {
  const { head, check } = openCall('hasMany', body)
  const states = await node.hasMany(parseRefs(head, refsAtOnceMax), { signal })
  return told(stateOutcomes.encode(states), check)
}

async function read({ node, body, signal, lend }: Asked): Promise<Told> {
  const { wanted, check } = parseReadCall(body)
  const into = lend(framesWanted(wanted))
  const [only] = wanted
  const reads =
    only !== undefined && wanted.length === 1
      ? [await node.read(only.ref, only.range, { signal, into })]
      : await node.readMany(wanted, { signal, into })
  const frames = reads.flatMap((one, index) => foundFrames(one, wanted[index]?.range))
  return { ...told(readOutcomes.encode(reads.map(({ is }) => is)), check), frames }
}

function foundFrames(
  one: BlobRead,
  range: Parameters<typeof framesSpan>[0] | undefined,
): readonly Buffer[] {
  if (one.is !== 'found') return []
  assert(range && one.frames.length === framesSpan(range).bytes, 'frames that nobody asked for')
  return [one.frames]
}

async function deleteAll({ node, body, signal }: Asked): Promise<Told> {
  const { head, check } = openCall('delete', body)
  const refs = parseRefs(head, refsAtOnceMax)
  const deleted = await node.delete(refs, { signal })
  const left = deleted.is === 'deleted' ? [] : deleted.left
  const outcomes = refs.map((ref) =>
    left.some((each) => sameBlob(each, ref)) ? 'left' : 'deleted',
  )
  return told(deleteOutcomes.encode(outcomes), check)
}

async function list({ node, body, signal }: Asked): Promise<Told> {
  const { head, check } = openCall('list', body)
  const page = parseListCall(head)
  if (page.limit < 1 || page.limit > refsAtOnceMax) throw new BadBlobMessage('a page of no length')
  const { blobs, next } = await node.list(page, { signal })
  return told(encodeKeeper({ refs: textOfRefs(blobs), next }), check)
}

async function usage({ node, body, signal }: Asked): Promise<Told> {
  const { head, check } = openCall('usage', body)
  parseUsageCall(head)
  return told(encodeKeeper(await node.usage({ signal })), check)
}

async function reclaim({ node, body, signal }: Asked): Promise<Told> {
  const { head, check } = openCall('reclaim', body)
  const { budgetBytes } = parseBudgetCall(head)
  return told(encodeKeeper(await node.reclaim(budgetBytes, { signal })), check)
}

async function scrub({ node, body, signal }: Asked): Promise<Told> {
  const { head, check } = openCall('scrub', body)
  const { corrupt, wrapped, problems } = await node.scrub(parseBudgetCall(head).budgetBytes, {
    signal,
  })
  return told(encodeKeeper({ refs: textOfRefs(corrupt), wrapped, problems }), check)
}

function told(head: Buffer, check: CallCheck): Told {
  return { head: checkedAnswer(head, check).bytes, frames: [] }
}
