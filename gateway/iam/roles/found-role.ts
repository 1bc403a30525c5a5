// Which role an action is about, and a change of it: as `policies/holder.ts`, of roles alone.
import assert from 'node:assert'
import type { RoleDocument } from '../../../metadata/identity-records.ts'

import type { QueryCall } from '../../query/query-action.ts'
import type { AccountDraft } from '../change-account.ts'
import {
  changeHolder,
  type HolderAction,
  type HolderDocument,
  requireHolder,
} from '../policies/holder.ts'

type RoleAction = Omit<HolderAction, 'kind'>

/** Throws `ValidationError`, `AccessDenied`, `NoSuchEntity`. */
export async function requireRole(call: QueryCall, asked: RoleAction): Promise<RoleDocument> {
  return roleOf(await requireHolder(call, { ...asked, kind: 'role' }))
}

/** Throws what `requireRole` throws. */
export async function changeRole(
  call: QueryCall,
  asked: RoleAction,
  change: (role: RoleDocument, account: AccountDraft) => Promise<RoleDocument>,
): Promise<void> {
  await changeHolder(call, { ...asked, kind: 'role' }, (holder, account) =>
    change(roleOf(holder), account),
  )
}

export function roleOf(holder: HolderDocument): RoleDocument {
  assert('trust' in holder, 'a role has a trust policy')
  return holder
}
