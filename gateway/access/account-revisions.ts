// Of which revision the users, groups, roles and policies of a tenant are (`metadata/identity-store.ts`), as far as this
// process knows: so that what it remembers of them can be used without asking.
import { LRUCache } from 'lru-cache'
import type { IdentityStore } from '../../metadata/identity-store.ts'
import type { TenantId } from '../../metadata/records.ts'

/**
 * How long a change that another process has made may go unseen. Only what was taken away is seen late: before anything is
 * refused it is asked again.
 */
export const accountFreshMs = 1_000
const heldMax = 10_000

export class AccountRevisions {
  readonly #store: Pick<IdentityStore, 'revision'>
  readonly #held = new LRUCache<TenantId, number>({ max: heldMax, ttl: accountFreshMs })
  readonly #asked = new Map<TenantId, Promise<number>>()

  constructor(store: Pick<IdentityStore, 'revision'>) {
    this.#store = store
  }

  of(tenantId: TenantId): number | Promise<number> {
    return this.#held.get(tenantId) ?? this.#askOnce(tenantId)
  }

  /** As it is after this call began. */
  async now(tenantId: TenantId): Promise<number> {
    const revision = await this.#store.revision(tenantId)
    this.learn(tenantId, revision)
    return revision
  }

  /** Somebody knows better: whoever has just committed. */
  learn(tenantId: TenantId, revision: number): void {
    if (revision >= (this.#held.peek(tenantId) ?? 0)) this.#held.set(tenantId, revision)
  }

  #askOnce(tenantId: TenantId): Promise<number> {
    const asked = this.#asked.get(tenantId)
    if (asked !== undefined) return asked
    const asking = this.now(tenantId).finally(() => this.#asked.delete(tenantId))
    this.#asked.set(tenantId, asking)
    return asking
  }
}
