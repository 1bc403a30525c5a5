// The engine of `BlobStore` and `BlobNode` whose chunks lie on one data node elsewhere: every verb is a call of it. What
// is out of reach, or not in time, is `unavailable`; verbs of keepers, which have no such answer, throw.
import { strict as assert } from 'node:assert'
import type { Pool } from 'undici'
import type { BlobVerb } from '../../protocol/blob-http/blob-verbs.ts'
import { type CallCheck, checkBytes, openAnswer } from '../../protocol/blob-http/checked-head.ts'
import { deleteOutcomes, stateOutcomes, writeOutcomes } from '../../protocol/blob-http/outcomes.ts'
import {
  encodeWanted,
  framesWanted,
  isFrameRange,
  parseReadAnswer,
  readAnswerHeadBytes,
} from '../../protocol/blob-http/read-call.ts'
import { encodeRefs } from '../../protocol/blob-http/wire-refs.ts'
import { encodeWriteHead } from '../../protocol/blob-http/write-call.ts'
import type { BlobRef, FrameRange } from '../../protocol/chunks/chunk-ref.ts'
import { digestPieces } from '../../protocol/chunks/frame-crc.ts'
import { CallTurns } from '../../protocol/cluster/call-turns.ts'
import { type ClientAccess, requireSafeAccess } from '../../protocol/cluster/client-access.ts'
import { callToken } from '../../protocol/cluster/cluster-secret.ts'
import { ToldFailures } from '../../protocol/told-failures.ts'
import type {
  BlobNode,
  BlobPage,
  BlobUsage,
  ListedBlobs,
  Reclaimed,
  Scrubbed,
} from '../blob-node.ts'
import {
  type BlobCall,
  type BlobDeleted,
  type BlobRead,
  type BlobReadCall,
  type BlobState,
  type BlobWritten,
  refsAtOnceMax,
  type SealedChunk,
  type WantedFrames,
} from '../blob-store.ts'
import { type Answered, type CallNode, type NodeCall, nodeCaller } from './call-node.ts'
import { keeperVerbs } from './keeper-verbs.ts'
import { DataNodeRefused } from './node-failures.ts'
import { nodePool } from './node-pool.ts'
import { readInCalls } from './read-in-calls.ts'

export type RemoteBlobOptions = ClientAccess & {
  /** `http:` or `https:`, host and port of the data node. */
  readonly endpoint: URL
  /** How long a verb may take in all. Default: 10 s. */
  readonly deadlineMs?: number
  /** The same for verbs of keepers. Default: 60 s. */
  readonly keeperDeadlineMs?: number
  /** Calls under way at once, each on a connection of its own; others wait. Default: 64. */
  readonly connectionsMax?: number
  /** Why it is unavailable, for the log: the same in a row is told once. */
  readonly onUnavailable?: (cause: unknown) => void
}

const defaults = { deadlineMs: 10_000, keeperDeadlineMs: 60_000, connectionsMax: 64 }

type Asking<Value> = Omit<NodeCall<Value>, 'forMs' | 'signal'>

export class RemoteBlobStore implements BlobNode {
  readonly #pool: Pool
  readonly #call: CallNode
  readonly #deadlineMs: number
  readonly #keeper: ReturnType<typeof keeperVerbs>
  readonly #told: ToldFailures
  #isClosed = false

  private constructor(options: RemoteBlobOptions) {
    const { deadlineMs, keeperDeadlineMs, connectionsMax } = { ...defaults, ...options }
    const { endpoint, secret, tls = {}, onUnavailable = () => undefined } = options
    this.#pool = nodePool({ origin: endpoint, tls, connections: connectionsMax })
    this.#deadlineMs = deadlineMs
    this.#told = new ToldFailures(onUnavailable)
    const call = nodeCaller({
      node: endpoint.host,
      pool: this.#pool,
      turns: new CallTurns(connectionsMax),
      authorization: secret && `Bearer ${callToken(secret, 'data node')}`,
      isClosed: () => this.#isClosed,
    })
    this.#call = async (asked) => {
      assert(!this.#isClosed, 'the blob store is closed')
      const answered = await call(asked)
      if (answered.is === 'answered') this.#told.ended()
      else this.#told.failed(answered.cause)
      return answered
    }
    this.#keeper = keeperVerbs(this.#call, keeperDeadlineMs)
  }

  /** Reaches for nothing yet: a node may come later than its clients. Throws `BadRemoteOptions`. */
  static async open(options: RemoteBlobOptions): Promise<RemoteBlobStore> {
    requireSafeAccess([options.endpoint], options)
    return new RemoteBlobStore(options)
  }

  async write({ ref, length, pieces }: SealedChunk, call?: BlobCall): Promise<BlobWritten> {
    const answered = await this.#ask(call, {
      verb: 'write',
      head: encodeWriteHead(ref, length),
      frames: pieces,
      attempts: 'patient',
      answerBytesMax: checkBytes + 1,
      parse: (answer, check) => writeOutcomes.parse(openAnswer(answer, check), 1)[0],
    })
    if (answered.is === 'answered') return { is: answered.value ?? 'unavailable' }
    if (answered.cause instanceof DataNodeRefused && answered.cause.status === 400) {
      const isSound = digestPieces(pieces, length) !== undefined
      assert(isSound, 'a chunk was sealed wrongly, or changed in memory')
    }
    return { is: 'unavailable' }
  }

  async hasMany(refs: readonly BlobRef[], call?: BlobCall): Promise<readonly BlobState[]> {
    const answered = await this.#askOfRefs({ verb: 'hasMany', refs, call }, stateOutcomes.parse)
    return answered.is === 'answered' ? answered.value : refs.map(() => 'unavailable')
  }

  async read(ref: BlobRef, range: FrameRange, call?: BlobReadCall): Promise<BlobRead> {
    const [read] = await this.#readAtOnce([{ ref, range }], call)
    return read ?? { is: 'unavailable' }
  }

  async readMany(
    wanted: readonly WantedFrames[],
    call?: BlobReadCall,
  ): Promise<readonly BlobRead[]> {
    call?.signal?.throwIfAborted()
    return readInCalls(wanted, call, (some, itsCall) => this.#readAtOnce(some, itsCall))
  }

  async delete(refs: readonly BlobRef[], call?: BlobCall): Promise<BlobDeleted> {
    const answered = await this.#askOfRefs({ verb: 'delete', refs, call }, deleteOutcomes.parse)
    if (answered.is === 'unavailable') return { is: 'unavailable', left: refs }
    const left = refs.filter((_, index) => answered.value[index] !== 'deleted')
    return left.length === 0 ? { is: 'deleted' } : { is: 'unavailable', left }
  }

  list(page: ListedBlobs, call?: BlobCall): Promise<BlobPage> {
    return this.#keeper.list(page, call)
  }

  reclaim(budgetBytes: number, call?: BlobCall): Promise<Reclaimed> {
    return this.#keeper.reclaim(budgetBytes, call)
  }

  scrub(budgetBytes: number, call?: BlobCall): Promise<Scrubbed> {
    return this.#keeper.scrub(budgetBytes, call)
  }

  usage(call?: BlobCall): Promise<BlobUsage> {
    return this.#keeper.usage(call)
  }

  /** What is still under way is `unavailable`. */
  async close(): Promise<void> {
    this.#isClosed = true
    await this.#pool.destroy()
  }

  #ask<Value>(call: BlobCall | undefined, asking: Asking<Value>): Promise<Answered<Value>> {
    return this.#call({ ...asking, forMs: this.#deadlineMs, signal: call?.signal })
  }

  async #askOfRefs<Name>(
    asked: {
      readonly verb: BlobVerb
      readonly refs: readonly BlobRef[]
      readonly call: BlobCall | undefined
    },
    parse: (outcomes: Buffer, count: number) => readonly Name[],
  ): Promise<Answered<readonly Name[]>> {
    const { verb, refs, call } = asked
    assert(refs.length <= refsAtOnceMax, 'too many chunks named at once')
    call?.signal?.throwIfAborted()
    if (refs.length === 0) return { is: 'answered', value: [] }
    return this.#ask(call, {
      verb,
      head: encodeRefs(refs),
      answerBytesMax: checkBytes + refs.length,
      parse: (answer, check) => parse(openAnswer(answer, check), refs.length),
    })
  }

  async #readAtOnce(
    wanted: readonly WantedFrames[],
    call: BlobReadCall | undefined,
  ): Promise<readonly BlobRead[]> {
    assert(
      wanted.every(({ range }) => isFrameRange(range)),
      'frames that no chunk has',
    )
    const answered = await this.#ask<readonly BlobRead[]>(call, {
      verb: 'read',
      head: encodeWanted(wanted),
      answerBytesMax: readAnswerHeadBytes(wanted) + framesWanted(wanted),
      parse: (answer: Buffer, check: CallCheck) => parseReadAnswer(answer, wanted, check),
      into: call?.into,
    })
    return answered.is === 'answered' ? answered.value : wanted.map(() => ({ is: 'unavailable' }))
  }
}
