// PORT: the users, groups, roles and policies of a tenant, as documents. Part of `metadata-store.ts`, whose head holds
// here too. All of a tenant lies in one place: what is said of several documents can hold of all of them at once.
//
// Each commit gives the tenant the next revision. Whoever knows the revision knows whether what he remembers of
// the documents is what is there; whoever commits names the revision that he has looked at, and so
// nothing that he has read has changed meanwhile.
import type { ChangeOptions } from './commit-id.ts'
import type {
  IdentityDocuments,
  IdentityEntry,
  IdentityKind,
  IdentityRef,
} from './identity-records.ts'
import type { TenantId } from './records.ts'

export type IdentityChange = {
  /** That of the tenant now; 0: nothing was ever put. */
  readonly ifRevision: number
  /** Added, or put in the place of what is there. */
  readonly put: readonly IdentityEntry[]
  /** Success also when they are not there. No place is named twice. */
  readonly remove: readonly IdentityRef[]
}

export interface IdentityStore {
  /** 0: nothing was ever put. Of tenants that are not there too. */
  revision(tenantId: TenantId): Promise<number>

  get<Kind extends IdentityKind>(
    tenantId: TenantId,
    kind: Kind,
    name: string,
  ): Promise<IdentityDocuments[Kind] | undefined>

  /** Several in the order asked, all of one moment, with the revision of that moment. */
  getMany(
    tenantId: TenantId,
    refs: readonly IdentityRef[],
  ): Promise<{
    readonly revision: number
    readonly entries: readonly (IdentityEntry | undefined)[]
  }>

  /** Of one kind, those whose names begin with `prefix`, in byte order of the names. `after` is a name, exclusive. */
  list<Kind extends IdentityKind>(
    tenantId: TenantId,
    kind: Kind,
    page: { readonly prefix?: string; readonly after?: string; readonly limit: number },
  ): Promise<{
    readonly entries: readonly Extract<IdentityEntry, { kind: Kind }>[]
    readonly isTruncated: boolean
  }>

  /** How many there are of one kind, of one moment; as many as `limit`, or more, count as that. No document is read. */
  count(tenantId: TenantId, kind: IdentityKind, limit: number): Promise<number>

  /**
   * All of it or nothing. `changed`: the tenant has another revision; nothing was done. Of commits with an id, the last 32
   * of the tenant are remembered, however long ago they were.
   */
  commit(
    tenantId: TenantId,
    change: IdentityChange,
    options?: ChangeOptions,
  ): Promise<
    | { readonly is: 'done'; readonly revision: number }
    | { readonly is: 'changed'; readonly revision: number }
  >

  /**
   * Removes the documents of a tenant, at most `limit` at once; answers how many. The tenant gets another revision with
   * each page, and none any more with the last one, which is the first to answer less than `limit`. Safe to repeat.
   */
  removeAll(tenantId: TenantId, limit: number): Promise<number>
}
