// CreateGroup. https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateGroup.html
import type { GroupDocument } from '../../../metadata/identity-records.ts'
import { parent } from '../../../protocol/s3/xml/xml-writer.ts'
import { drawId } from '../../access/keys/session-token.ts'
import { iamArn } from '../../access/owner.ts'
import type { QueryAction } from '../../query/query-action.ts'
import { groupsMax, requireRoom } from '../account-quotas.ts'
import { changeAccount } from '../change-account.ts'
import { groupNameRule, nameKey, pathRule } from '../iam-names.ts'
import { entityExists } from '../no-such-entity.ts'
import { requireAction } from '../require-action.ts'
import { renderGroup } from './found-group.ts'

export const createGroup: QueryAction = async (call) => {
  const { parameters, services, identity } = call
  const { tenantId } = identity
  const name = parameters.text('GroupName', groupNameRule)
  const path = parameters.optional('Path', pathRule) ?? '/'
  await requireAction(call, 'iam:CreateGroup', { arn: iamArn(tenantId, 'group', { path, name }) })
  const group: GroupDocument = {
    ...{ id: drawId('AGPA', services.random, 17), name, path },
    ...{ createdMs: services.now(), inline: [], attached: [] },
  }
  await changeAccount(services.metadata.identities, tenantId, async (account) => {
    if ((await account.get('group', nameKey(name))) !== undefined) throw entityExists('group', name)
    await requireRoom(account, 'group', { quota: 'GroupsPerAccount', limit: groupsMax })
    account.put('group', nameKey(name), group)
  })
  return parent('Group', renderGroup(tenantId, group))
}
