// UpdateAccessKey and DeleteAccessKey. https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateAccessKey.html
import type { UserDocument } from '../../../metadata/identity-records.ts'
import { constraintError } from '../../../protocol/query/query-error.ts'
import { rootArn } from '../../access/owner.ts'
import type { QueryAction, QueryCall } from '../../query/query-action.ts'
import { changeAccount } from '../change-account.ts'
import { accessKeyIdRule, nameKey } from '../iam-names.ts'
import { requireAction } from '../require-action.ts'
import { findUser, type NamedUser, namedUser } from '../users/found-user.ts'
import { requireListed } from './found-key.ts'
import { nameKeyRows } from './key-rows.ts'
import { deleteRootKey, updateRootKey } from './root-keys.ts'

const statuses = ['Active', 'Inactive'] as const

export const updateAccessKey: QueryAction = async (call) => {
  const { parameters, services, identity } = call
  const { tenantId } = identity
  const named = namedUser(call)
  const accessKeyId = parameters.text('AccessKeyId', accessKeyIdRule)
  const asked = parameters.word('Status', statuses)
  if (asked === undefined) throw constraintError(undefined, 'Status', 'Member must not be null')
  const status = asked === 'Active' ? 'active' : 'inactive'
  if (named.is === 'root') {
    await requireAction(call, 'iam:UpdateAccessKey', { arn: rootArn(tenantId) })
    await updateRootKey(services, { tenantId, accessKeyId, status })
    return undefined
  }
  const user = await changeKeys(call, named, {
    ...{ action: 'iam:UpdateAccessKey', accessKeyId },
    change: (keys) =>
      keys.map((key) => (key.accessKeyId === accessKeyId ? { ...key, status } : key)),
  })
  // A key whose row was left behind when its user was renamed works again.
  if (status === 'active') await nameKeyRows(services, tenantId, user)
  services.credentials.forget(accessKeyId)
  return undefined
}

export const deleteAccessKey: QueryAction = async (call) => {
  const { parameters, services, identity } = call
  const { tenantId } = identity
  const named = namedUser(call)
  const accessKeyId = parameters.text('AccessKeyId', accessKeyIdRule)
  if (named.is === 'root') {
    await requireAction(call, 'iam:DeleteAccessKey', { arn: rootArn(tenantId) })
    await deleteRootKey(services, { tenantId, accessKeyId })
    return undefined
  }
  await changeKeys(call, named, {
    ...{ action: 'iam:DeleteAccessKey', accessKeyId },
    change: (keys) => keys.filter((key) => key.accessKeyId !== accessKeyId),
  })
  services.credentials.forget(accessKeyId)
  await services.metadata.tenants.removeAccessKey(tenantId, accessKeyId)
  return undefined
}

type KeyChange = {
  readonly action: string
  readonly accessKeyId: string
  readonly change: (keys: UserDocument['accessKeys']) => UserDocument['accessKeys']
}

/** Throws `AccessDenied`, `NoSuchEntity`. */
function changeKeys(
  call: QueryCall,
  { name }: Extract<NamedUser, { is: 'user' }>,
  { action, accessKeyId, change }: KeyChange,
): Promise<UserDocument> {
  const { identities } = call.services.metadata
  return changeAccount(identities, call.identity.tenantId, async (account) => {
    const user = await findUser(call, { name, action, account })
    requireListed(user, accessKeyId)
    const after = { ...user, accessKeys: change(user.accessKeys) }
    account.put('user', nameKey(name), after)
    return after
  })
}
