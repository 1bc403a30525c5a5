// How much of each kind an account may have. https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
import type { IdentityKind } from '../../metadata/identity-records.ts'
import type { AccountDraft } from './change-account.ts'
import { limitExceeded } from './no-such-entity.ts'

export const usersMax = 5_000
export const groupsMax = 300
export const groupsOfUserMax = 10
export const keysOfUserMax = 2

/** Throws `LimitExceeded` when there are so many already. `quota` as in `RolesPerAccount`. */
export async function requireRoom(
  account: Pick<AccountDraft, 'count'>,
  kind: IdentityKind,
  { quota, limit }: { readonly quota: string; readonly limit: number },
): Promise<void> {
  if ((await account.count(kind, limit)) >= limit) throw limitExceeded(quota, limit)
}
