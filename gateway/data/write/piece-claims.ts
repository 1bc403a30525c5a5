// The chunks of one upload, in order, until a commit takes them over. All that were written fit into
// the commit itself while they are few; a chunk found `known` may vanish until it is claimed, so its
// plaintext is held until then, and it is claimed soon, by putting all so far on a staged list.
import assert from 'node:assert'
import type { ChunkCatalog, ClaimedChunk, NewPieceData } from '../../../metadata/metadata-store.ts'
import { type ChunkListId, embeddedChunksMax } from '../../../metadata/records.ts'
import type { RandomBytes } from '../../../protocol/chunks/new-generation.ts'
import { S3Error } from '../../../protocol/s3/s3-error.ts'
import type { TenantKeys } from '../../access/keys/tenant-keys.ts'
import { isStorageFull } from '../storage-failure.ts'
import type { ChunkStorer, NamedChunk } from './chunk-storer.ts'

/** How often chunks that vanish again and again are stored anew before the client is sent away. */
export const claimAttemptsMax = 8
/** Written chunks wait no longer than about this for a claim, so that the orphan sweep spares them. */
const unclaimedMsMax = 60_000

/** A chunk with what is needed to store it again, as long as that is held. */
export type HeldChunk = {
  readonly chunk: ClaimedChunk
  readonly plaintext: (NamedChunk & { readonly release: () => void }) | undefined
}

export type ClaimsDeps = {
  readonly chunks: Pick<ChunkCatalog, 'extendList' | 'abandonList'>
  readonly storer: ChunkStorer
  readonly tenant: TenantKeys
  readonly random: RandomBytes
  readonly owner: string
  readonly nowMs: () => number
}

export class PieceClaims {
  private readonly deps: ClaimsDeps
  private pending: HeldChunk[] = []
  private pendingSinceMs = 0
  private listId: ChunkListId | undefined
  private listBytes = 0

  constructor(deps: ClaimsDeps) {
    this.deps = deps
  }

  /** Adds the next chunk. With `isOnly`, its plaintext is held until the commit. */
  async add(held: HeldChunk, options: { readonly isOnly: boolean }): Promise<void> {
    if (this.pending.length === 0) this.pendingSinceMs = this.deps.nowMs()
    // Before any claim: should that fail, its plaintext is let go of with the others'.
    this.pending.push(held)
    if (options.isOnly) return
    const isFull = this.pending.length > embeddedChunksMax
    if (isFull || held.chunk.origin === 'known') await this.stage()
    else this.letGo(this.pending.length - 1)
  }

  /** True when written chunks have waited long for a claim: then `stage`. */
  areLate(): boolean {
    return this.pending.length > 0 && this.deps.nowMs() - this.pendingSinceMs > unclaimedMsMax
  }

  /** Claims all chunks so far by putting them on the list. Throws S3Error `SlowDown`. */
  async stage(): Promise<void> {
    if (this.pending.length === 0) return
    const { chunks, storer, tenant, owner, random } = this.deps
    this.listId ??= newListId(random)
    for (let attempt = 0; attempt < claimAttemptsMax; attempt += 1) {
      const claimed = this.pending.map(({ chunk }) => chunk)
      const before = { listId: this.listId, offset: this.listBytes }
      const answer = await this.orUnsure(
        chunks.extendList({ tenantId: tenant.tenantId, owner, chunks: claimed, ...before }),
      )
      if (answer.is === 'extended') {
        storer.claimed(claimed)
        for (const { length } of claimed) this.listBytes += length
        this.letGoAll()
        return
      }
      if (answer.is === 'lost') break
      await this.storeAnew(answer.positions)
    }
    throw new S3Error('SlowDown')
  }

  /** What the commit refers to. Stages what a list, once begun, lacks. */
  async data(): Promise<NewPieceData> {
    if (this.listId === undefined) {
      return { is: 'chunks', chunks: this.pending.map(({ chunk }) => chunk) }
    }
    await this.stage()
    return { is: 'list', listId: this.listId }
  }

  /** The commit has taken over what `data` named. */
  committed(): void {
    this.deps.storer.claimed(this.pending.map(({ chunk }) => chunk))
    this.listId = undefined
    this.letGoAll()
  }

  /** Stores vanished chunks again. Throws S3Error `SlowDown` when one is not at hand any more. */
  async storeAnew(positions: readonly number[]): Promise<void> {
    const fresh = new Map<string, ClaimedChunk>()
    for (const position of positions) {
      const plaintext = this.pending[position]?.plaintext
      if (plaintext === undefined || fresh.has(plaintext.id.toString('latin1'))) continue
      fresh.set(plaintext.id.toString('latin1'), await this.deps.storer.storeAnew(plaintext))
    }
    for (const position of positions) {
      const held = this.pending[position]
      assert(held !== undefined, 'a position outside the claim')
      const chunk = fresh.get(held.chunk.id.toString('latin1'))
      if (chunk === undefined) throw new S3Error('SlowDown')
      this.pending[position] = { chunk, plaintext: held.plaintext }
    }
  }

  /** After a claim whose outcome is not known: what was written may be claimed, so it is not deleted. */
  unsure(): void {
    this.deps.storer.claimed(this.pending.map(({ chunk }) => chunk))
  }

  /** Gives up: memory, the list, what was written. Nothing may be under way any more. */
  async abandon(): Promise<void> {
    this.letGoAll()
    const { listId } = this
    this.listId = undefined
    if (listId !== undefined) await this.deps.chunks.abandonList(this.deps.tenant.tenantId, listId)
    await this.deps.storer.deleteUnclaimed()
  }

  private async orUnsure<T>(claim: Promise<T>): Promise<T> {
    try {
      return await claim
    } catch (cause) {
      if (!isStorageFull(cause)) this.unsure()
      throw cause
    }
  }

  private letGo(position: number): void {
    const held = this.pending[position]
    if (held?.plaintext === undefined) return
    held.plaintext.release()
    this.pending[position] = { chunk: held.chunk, plaintext: undefined }
  }

  private letGoAll(): void {
    for (const { plaintext } of this.pending) plaintext?.release()
    this.pending = []
  }
}

/** Names a chunk list that an upload fills. */
export function newListId(random: RandomBytes): ChunkListId {
  return parseListId(random(16).toString('hex'))
}

function parseListId(hex: string): ChunkListId {
  return hex as ChunkListId
}
