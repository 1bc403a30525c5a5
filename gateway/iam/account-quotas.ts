// How many of a kind an account may have. https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
import type { IdentityKind } from '../../metadata/identity-records.ts'
import type { AccountDraft } from './change-account.ts'
import { limitExceeded } from './no-such-entity.ts'

const rowsAtOnce = 1_000

/** Throws `LimitExceeded` when there are so many already. `quota` as in `RolesPerAccount`. */
export async function requireRoom(
  account: Pick<AccountDraft, 'list'>,
  kind: IdentityKind,
  { quota, limit }: { readonly quota: string; readonly limit: number },
): Promise<void> {
  let count = 0
  for (let after: string | undefined; count < limit; ) {
    const page = { limit: rowsAtOnce, ...(after === undefined ? {} : { after }) }
    const { entries, isTruncated } = await account.list(kind, page)
    count += entries.length
    if (!isTruncated) break
    after = entries.at(-1)?.name
  }
  if (count >= limit) throw limitExceeded(quota, limit)
}
