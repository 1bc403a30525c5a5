// A received piece as it waits for its commit: its bytes lie in chunks that the commit is to claim, or are few
// enough to be kept in metadata, and nothing is stored before.
import assert from 'node:assert'
import type { ClaimRefused, NewPieceData } from '../../../metadata/metadata-store.ts'
import type { RandomBytes } from '../../../protocol/chunks/new-generation.ts'
import { sealInline } from '../../../protocol/chunks/seal-inline.ts'
import { S3Error } from '../../../protocol/s3/s3-error.ts'
import type { TenantKeys } from '../../access/keys/tenant-keys.ts'
import { isStorageFull } from '../storage-failure.ts'
import { claimAttemptsMax, type PieceClaims } from './piece-claims.ts'
import { type CommitAnswer, isAnswer, type PieceSums, StagedPiece } from './staged-data.ts'

export class StoredPiece extends StagedPiece {
  private readonly claims: PieceClaims
  private readonly onLeftover: (cause: unknown) => void
  private state: 'waiting' | 'committing' | 'over' = 'waiting'

  constructor(sums: PieceSums, claims: PieceClaims, onLeftover: (cause: unknown) => void) {
    super(sums)
    this.claims = claims
    this.onLeftover = onLeftover
  }

  async commit<T extends CommitAnswer>(
    verb: (data: NewPieceData) => Promise<T | ClaimRefused>,
  ): Promise<Exclude<T, ClaimRefused>> {
    assert(this.state === 'waiting', 'a piece is committed once')
    this.state = 'committing'
    try {
      const answer = await this.claimWith(verb)
      if (answer.is === 'committed') this.claims.committed()
      return answer
    } finally {
      await this.abandon()
    }
  }

  async discard(): Promise<void> {
    assert(this.state !== 'committing', 'a commit is under way')
    await this.abandon()
  }

  private async claimWith<T extends CommitAnswer>(
    verb: (data: NewPieceData) => Promise<T | ClaimRefused>,
  ): Promise<Exclude<T, ClaimRefused>> {
    for (let attempt = 0; attempt < claimAttemptsMax; attempt += 1) {
      const answer = await this.runVerb(verb, await this.claims.data())
      if (isAnswer(answer)) return answer
      if (!('positions' in answer)) break
      await this.claims.storeAnew(answer.positions)
    }
    throw new S3Error('SlowDown')
  }

  /**
   * A verb that throws may have committed all the same: then its chunks are not ours to delete. But for
   * want of room nothing was stored.
   */
  private async runVerb<T>(
    verb: (data: NewPieceData) => Promise<T>,
    data: NewPieceData,
  ): Promise<T> {
    try {
      return await verb(data)
    } catch (cause) {
      if (!isStorageFull(cause)) this.claims.unsure()
      throw cause
    }
  }

  private async abandon(): Promise<void> {
    if (this.state === 'over') return
    this.state = 'over'
    try {
      await this.claims.abandon()
    } catch (cause) {
      this.onLeftover(cause)
    }
  }
}

type InlineContent = {
  readonly tenant: TenantKeys
  /** Absent: no byte. */
  readonly plaintext: Buffer | undefined
  readonly random: RandomBytes
}

export class InlinePiece extends StagedPiece {
  private content: InlineContent | undefined

  constructor(sums: PieceSums, content: InlineContent) {
    super(sums)
    this.content = content
  }

  async commit<T extends CommitAnswer>(
    verb: (data: NewPieceData) => Promise<T | ClaimRefused>,
  ): Promise<Exclude<T, ClaimRefused>> {
    assert(this.content !== undefined, 'a piece is committed once')
    const { tenant, plaintext, random } = this.content
    this.content = undefined
    const sealed = plaintext === undefined ? Buffer.alloc(0) : sealInline(tenant, plaintext, random)
    const answer = await verb({ is: 'inline', sealed })
    assert(isAnswer(answer), 'inline data claims no chunk')
    return answer
  }

  async discard(): Promise<void> {
    this.content = undefined
  }
}
