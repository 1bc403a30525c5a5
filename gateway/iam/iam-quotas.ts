// How much of each an account may have.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
import type { IdentityKind } from '../../metadata/identity-records.ts'
import type { AccountDraft } from './change-account.ts'
import { limitExceeded } from './no-such-entity.ts'

export const usersMax = 5_000
export const groupsMax = 300
export const groupsOfUserMax = 10
export const keysOfUserMax = 2

const pageRows = 1_000

/** How many documents of a kind there are, at most `most`. */
export async function countOf(
  account: Pick<AccountDraft, 'list'>,
  kind: IdentityKind,
  most = Number.POSITIVE_INFINITY,
): Promise<number> {
  let count = 0
  let after: string | undefined
  while (count < most) {
    const page = after === undefined ? { limit: pageRows } : { after, limit: pageRows }
    const { entries, isTruncated } = await account.list(kind, page)
    count += entries.length
    after = entries.at(-1)?.name
    if (!isTruncated) return count
  }
  return most
}

/** Throws `LimitExceeded` where there is no room for one more. */
export async function requireRoom(account: AccountDraft, kind: 'user' | 'group'): Promise<void> {
  const most = kind === 'user' ? usersMax : groupsMax
  if ((await countOf(account, kind, most)) < most) return
  throw limitExceeded(kind === 'user' ? 'UsersPerAccount' : 'GroupsPerAccount', most)
}
