// CreateUser. https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateUser.html
import type { UserDocument } from '../../../metadata/identity-records.ts'
import { parent } from '../../../protocol/s3/xml/xml-writer.ts'
import { drawId } from '../../access/keys/session-token.ts'
import { iamArn } from '../../access/owner.ts'
import type { QueryAction } from '../../query/query-action.ts'
import { requireRoom, usersMax } from '../account-quotas.ts'
import { changeAccount } from '../change-account.ts'
import { nameKey, pathRule, userNameRule } from '../iam-names.ts'
import { readTags } from '../iam-tags.ts'
import { entityExists } from '../no-such-entity.ts'
import { readPolicyArn } from '../policies/managed-policy.ts'
import { requireBoundary } from '../policies/permissions-boundary.ts'
import { requireAction } from '../require-action.ts'
import { refuseRootName } from './found-user.ts'
import { renderUserInFull } from './render-user.ts'
import { putAttachments } from './user-attachments.ts'

export const createUser: QueryAction = async (call) => {
  const { parameters, services, identity } = call
  const { tenantId } = identity
  const name = parameters.text('UserName', userNameRule)
  const path = parameters.optional('Path', pathRule) ?? '/'
  const isBounded = parameters.raw('PermissionsBoundary') !== undefined
  const boundary = isBounded ? readPolicyArn(parameters, 'PermissionsBoundary') : undefined
  const tags = readTags(parameters)
  const arn = iamArn(tenantId, 'user', { path, name })
  const keys = { 'iam:permissionsboundary': boundary }
  await requireAction(call, 'iam:CreateUser', { arn, requestTags: tags, keys })
  // Whoever gives tags must be allowed that too.
  if (tags.length > 0) await requireAction(call, 'iam:TagUser', { arn, requestTags: tags })
  refuseRootName(name)
  const user: UserDocument = {
    ...{ id: drawId('AIDA', services.random, 17), name, path, tags },
    ...{ createdMs: services.now(), inline: [], attached: [], accessKeys: [], groups: [] },
    ...(boundary === undefined ? {} : { boundary }),
  }
  await changeAccount(services.metadata.identities, tenantId, async (account) => {
    if ((await account.get('user', nameKey(name))) !== undefined) throw entityExists('user', name)
    if (boundary !== undefined) await requireBoundary(account, tenantId, boundary)
    await requireRoom(account, 'user', { quota: 'UsersPerAccount', limit: usersMax })
    account.put('user', nameKey(name), user)
    putAttachments(account, 'user', user)
  })
  return parent('User', renderUserInFull(tenantId, user))
}
