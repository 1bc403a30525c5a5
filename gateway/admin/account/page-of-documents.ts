// A page of documents of a tenant, as the lists of the admin API show them: of users, groups, policies, admins.
import type { IdentityEntry, IdentityKind } from '../../../metadata/identity-records.ts'
import type { TenantId } from '../../../metadata/records.ts'
import type { AdminDeps } from '../api/admin-env.ts'
import { type PageAsked, page, readAfter } from '../api/pages.ts'

type DocumentsAsked<Kind extends IdentityKind, Item> = {
  readonly kind: Kind
  /** Those alone whose names begin so. */
  readonly prefix?: string
  readonly asked: PageAsked
  readonly show: (entry: Extract<IdentityEntry, { kind: Kind }>) => Item
}

/** In the order of their names. Throws `InvalidRequest`. */
export async function pageOfDocuments<Kind extends IdentityKind, Item>(
  { metadata }: AdminDeps,
  tenantId: TenantId,
  { kind, prefix = '', asked, show }: DocumentsAsked<Kind, Item>,
) {
  const after = readAfter(asked)
  const { entries, isTruncated } = await metadata.identities.list(tenantId, kind, {
    ...{ prefix, limit: asked.limit },
    ...(after === undefined ? {} : { after }),
  })
  const next = isTruncated ? entries.at(-1)?.name : undefined
  return page(
    entries.map((entry) => show(entry)),
    next,
  )
}
