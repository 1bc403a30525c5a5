// How much of each kind an account may have. https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
import type { IdentityKind } from '../../metadata/identity-records.ts'
import type { AccountDraft } from './change-account.ts'
import { limitExceeded } from './no-such-entity.ts'

export const usersMax = 5_000
export const groupsMax = 300
export const groupsOfUserMax = 10
export const keysOfUserMax = 2

const rowsAtOnce = 1_000

type Lister = Pick<AccountDraft, 'list'>

/** How many documents of a kind there are; `limit`: or more. */
export async function countOf(
  account: Lister,
  kind: IdentityKind,
  limit = Number.POSITIVE_INFINITY,
): Promise<number> {
  let count = 0
  for (let after: string | undefined; count < limit; ) {
    const page = { limit: rowsAtOnce, ...(after === undefined ? {} : { after }) }
    const { entries, isTruncated } = await account.list(kind, page)
    count += entries.length
    if (!isTruncated) return count
    after = entries.at(-1)?.name
  }
  return limit
}

/** Throws `LimitExceeded` when there are so many already. `quota` as in `RolesPerAccount`. */
export async function requireRoom(
  account: Lister,
  kind: IdentityKind,
  { quota, limit }: { readonly quota: string; readonly limit: number },
): Promise<void> {
  if ((await countOf(account, kind, limit)) >= limit) throw limitExceeded(quota, limit)
}
