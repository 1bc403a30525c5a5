// Whom policies are attached to, and of whom an action is: a user, a group or a role, by his name. Whether the caller may do it
// is asked before it is told whether he is there.
import type { IdentityDocuments } from '../../../metadata/identity-records.ts'
import type { TextRule } from '../../../protocol/query/query-parameters.ts'
import type { IdentityResource } from '../../access/authorize.ts'
import { iamArn } from '../../access/owner.ts'
import type { QueryCall } from '../../query/query-action.ts'
import { type AccountDraft, changeAccount } from '../change-account.ts'
import { groupNameRule, nameKey } from '../iam-names.ts'
import { noSuchEntity } from '../no-such-entity.ts'
import { requireAction } from '../require-action.ts'
import { type AccountReader, readerOf } from './managed-policy.ts'

export type HolderKind = 'user' | 'group' | 'role'
export type HolderDocument = IdentityDocuments[HolderKind]

/** As names of actions and parameters have it. */
export const titles = { user: 'User', group: 'Group', role: 'Role' } as const

/** What is asked for may be longer than what can be made. */
const nameRule: TextRule = groupNameRule

export type Holder = { readonly name: string; readonly document: HolderDocument }

export type HolderAction = {
  readonly kind: HolderKind
  /** As in `iam:GetRole`. */
  readonly action: string
  /** What conditions can be about besides, in lower case; of the holder as he is. */
  readonly keys?: (holder: HolderDocument | undefined) => IdentityResource['keys']
  readonly tags?: Pick<IdentityResource, 'requestTags' | 'tagKeys'>
}

/** Throws `ValidationError`, `AccessDenied`, `NoSuchEntity`. */
export async function requireHolder(
  call: QueryCall,
  { kind, action, keys, tags }: HolderAction,
  account: AccountReader = readerOf(call),
): Promise<HolderDocument> {
  const { tenantId } = call.identity
  const name = call.parameters.text(`${titles[kind]}Name`, nameRule)
  const found = await account.get(kind, nameKey(name))
  const arn = iamArn(tenantId, kind, found ?? { path: '/', name })
  const own = found !== undefined && 'tags' in found ? { tags: found.tags } : {}
  await requireAction(call, action, { arn, ...own, ...tags, keys: keys?.(found) ?? {} })
  if (found === undefined) throw noSuchEntity(kind, name)
  return found
}

/** Puts what `change` makes of him, unless it is the same. Throws what `requireHolder` throws. */
export async function changeHolder(
  call: QueryCall,
  asked: HolderAction,
  change: (holder: HolderDocument, account: AccountDraft) => Promise<HolderDocument>,
): Promise<void> {
  const { identities } = call.services.metadata
  await changeAccount(identities, call.identity.tenantId, async (account) => {
    const holder = await requireHolder(call, asked, account)
    const changed = await change(holder, account)
    if (changed !== holder) account.put(asked.kind, nameKey(holder.name), changed)
  })
}

/** As `iam:PermissionsBoundary` has it, of actions that change what a user or a role may do. */
export function boundaryKey(holder: HolderDocument | undefined): IdentityResource['keys'] {
  const boundary = holder !== undefined && 'boundary' in holder ? holder.boundary : undefined
  return { 'iam:permissionsboundary': boundary }
}
