// Which group an action is about, and whether the caller may do it: asked before it is told whether there is one.
import type { GroupDocument } from '../../../metadata/identity-records.ts'
import type { TenantId } from '../../../metadata/records.ts'
import { queryTime } from '../../../protocol/query/render-query-reply.ts'
import { element } from '../../../protocol/s3/xml/xml-writer.ts'
import { iamArn } from '../../access/owner.ts'
import type { QueryCall } from '../../query/query-action.ts'
import type { AccountDraft } from '../change-account.ts'
import { nameKey } from '../iam-names.ts'
import { noSuchEntity } from '../no-such-entity.ts'
import { requireAction } from '../require-action.ts'

type Wanted = {
  readonly name: string
  /** As in `iam:GetGroup`. */
  readonly action: string
  readonly account: AccountDraft
}

/** Throws `AccessDenied`, and then `NoSuchEntity`. */
export async function findGroup(
  call: QueryCall,
  { name, action, account }: Wanted,
): Promise<GroupDocument> {
  const group = await account.get('group', nameKey(name))
  const arn = iamArn(call.identity.tenantId, 'group', group ?? { path: '/', name })
  await requireAction(call, action, { arn })
  if (group === undefined) throw noSuchEntity('group', name)
  return group
}

/** https://docs.aws.amazon.com/IAM/latest/APIReference/API_Group.html */
export function renderGroup(tenantId: TenantId, group: GroupDocument): string {
  return (
    element('Path', group.path) +
    element('GroupName', group.name) +
    element('GroupId', group.id) +
    element('Arn', iamArn(tenantId, 'group', group)) +
    element('CreateDate', queryTime(group.createdMs))
  )
}
