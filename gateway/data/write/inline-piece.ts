// A received piece small enough to be kept in metadata: nothing is stored before its commit.
import assert from 'node:assert'
import type { ClaimRefused, NewPieceData } from '../../../metadata/metadata-store.ts'
import type { RandomBytes } from '../../../protocol/chunks/new-generation.ts'
import { sealInline } from '../../../protocol/chunks/seal-inline.ts'
import type { TenantKeys } from '../../access/keys/tenant-keys.ts'
import { type CommitAnswer, isAnswer, type PieceSums, StagedPiece } from './staged-data.ts'

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
