// What an account blocks of public access to all its buckets, kept by the revision of the account. Buckets that are
// open to nobody never ask for it.
import { LRUCache } from 'lru-cache'
import type { IdentityStore } from '../../metadata/identity-store.ts'
import type { TenantId } from '../../metadata/records.ts'
import type { PublicAccessBlock } from '../../protocol/s3/xml/public-access-block.ts'

/** Of a tenant, as far as this process knows, and as it is now (`access/account-revisions.ts`). */
export type Revisions = {
  of(tenantId: TenantId): number | Promise<number>
  now(tenantId: TenantId): Promise<number>
  learn(tenantId: TenantId, revision: number): void
}

type Held = { readonly revision: number; readonly block: PublicAccessBlock | undefined }
type Found = PublicAccessBlock | undefined

const heldMax = 10_000
/** The name under which an account's own document lies. */
export const accountDocument = 'account'

export class AccountBlocks {
  readonly #store: Pick<IdentityStore, 'getMany'>
  readonly #revisions: Revisions
  readonly #held = new LRUCache<TenantId, Held>({ max: heldMax })

  constructor(store: Pick<IdentityStore, 'getMany'>, revisions: Revisions) {
    this.#store = store
    this.#revisions = revisions
  }

  /** As of a moment that is not long ago. Undefined: it blocks nothing. Throws what the store throws. */
  of(tenantId: TenantId): Found | Promise<Found> {
    const revision = this.#revisions.of(tenantId)
    return revision instanceof Promise
      ? revision.then((known) => this.#at(tenantId, known))
      : this.#at(tenantId, revision)
  }

  /** As of now: for what is about to be made public; and to be asked by whoever has changed it. */
  async now(tenantId: TenantId): Promise<Found> {
    return this.#at(tenantId, await this.#revisions.now(tenantId))
  }

  #at(tenantId: TenantId, revision: number): Found | Promise<Found> {
    // Nothing was ever put.
    if (revision === 0) return undefined
    const held = this.#held.get(tenantId)
    return held?.revision === revision ? held.block : this.#load(tenantId)
  }

  async #load(tenantId: TenantId): Promise<Found> {
    const ref = { kind: 'account', name: accountDocument } as const
    const { revision, entries } = await this.#store.getMany(tenantId, [ref])
    const [entry] = entries
    const block = entry?.kind === 'account' ? entry.document.publicAccessBlock : undefined
    this.#held.set(tenantId, { revision, block })
    this.#revisions.learn(tenantId, revision)
    return block
  }
}
