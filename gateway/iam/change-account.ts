// Changes of a tenant's users, groups, roles and policies: what is read and what is written holds together, or all is
// read anew. Actions are given an account to read and to change, and need not think of others who do the same.
import type {
  IdentityDocuments,
  IdentityEntry,
  IdentityKind,
  IdentityRef,
} from '../../metadata/identity-records.ts'
import type { IdentityStore } from '../../metadata/identity-store.ts'
import type { TenantId } from '../../metadata/records.ts'
import { QueryError } from '../../protocol/query/query-error.ts'
import { inTurn } from './account-turns.ts'

/** What an action sees of an account: what is there, with its own changes so far. */
export class AccountDraft {
  readonly #store: IdentityStore
  readonly #tenantId: TenantId
  readonly #changes = new Map<
    string,
    IdentityEntry | (IdentityRef & { readonly document: undefined })
  >()

  constructor(store: IdentityStore, tenantId: TenantId) {
    this.#store = store
    this.#tenantId = tenantId
  }

  async get<Kind extends IdentityKind>(
    kind: Kind,
    name: string,
  ): Promise<IdentityDocuments[Kind] | undefined> {
    const changed = this.#changes.get(placeOf(kind, name))
    if (changed !== undefined) return changed.document as IdentityDocuments[Kind] | undefined
    return this.#store.get(this.#tenantId, kind, name)
  }

  /** Without the changes of this draft. */
  list<Kind extends IdentityKind>(kind: Kind, page: Parameters<IdentityStore['list']>[2]) {
    return this.#store.list(this.#tenantId, kind, page)
  }

  /** As `list`. As many as `limit`, or more, count as that. */
  count(kind: IdentityKind, limit: number): Promise<number> {
    return this.#store.count(this.#tenantId, kind, limit)
  }

  put<Kind extends IdentityKind>(
    kind: Kind,
    name: string,
    document: IdentityDocuments[Kind],
  ): void {
    this.#changes.set(placeOf(kind, name), { kind, name, document } as IdentityEntry)
  }

  remove(kind: IdentityKind, name: string): void {
    this.#changes.set(placeOf(kind, name), { kind, name, document: undefined })
  }

  get changes(): {
    readonly put: readonly IdentityEntry[]
    readonly remove: readonly IdentityRef[]
  } {
    const put: IdentityEntry[] = []
    const remove: IdentityRef[] = []
    for (const change of this.#changes.values()) {
      if (change.document === undefined) remove.push({ kind: change.kind, name: change.name })
      else put.push(change)
    }
    return { put, remove }
  }
}

function placeOf(kind: IdentityKind, name: string): string {
  return `${kind}\0${name}`
}

const triesMax = 30

/**
 * Runs `change` on what the account is now, and commits what it has put and removed, all at once: run again when somebody
 * else has changed the account meanwhile, so that it must do nothing else. Throws what it throws, then with nothing
 * changed, and `ConcurrentModification` when the others never let it through.
 */
export function changeAccount<Result>(
  store: IdentityStore,
  tenantId: TenantId,
  change: (account: AccountDraft) => Promise<Result>,
): Promise<Result> {
  return inTurn(store, tenantId, () => tryToChange(store, tenantId, change))
}

async function tryToChange<Result>(
  store: IdentityStore,
  tenantId: TenantId,
  change: (account: AccountDraft) => Promise<Result>,
): Promise<Result> {
  for (let tries = 0; tries < triesMax; tries += 1) {
    const revision = await store.revision(tenantId)
    const draft = new AccountDraft(store, tenantId)
    const result = await change(draft)
    const { put, remove } = draft.changes
    if (put.length === 0 && remove.length === 0) return result
    const committed = await store.commit(tenantId, { ifRevision: revision, put, remove })
    if (committed.is === 'done') return result
  }
  throw new QueryError(
    'ConcurrentModification',
    'The request was rejected because multiple requests to change this object were submitted simultaneously. Wait a few minutes and submit your request again.',
  )
}
