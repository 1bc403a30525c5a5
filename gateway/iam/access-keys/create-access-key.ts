// CreateAccessKey: the one answer that has the secret.
// https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateAccessKey.html
import type { UserDocument } from '../../../metadata/identity-records.ts'
import { queryTime } from '../../../protocol/query/render-query-reply.ts'
import { element, parent } from '../../../protocol/s3/xml/xml-writer.ts'
import { rootArn } from '../../access/owner.ts'
import type { QueryAction, QueryCall } from '../../query/query-action.ts'
import { keysOfUserMax } from '../account-quotas.ts'
import { changeAccount } from '../change-account.ts'
import { nameKey } from '../iam-names.ts'
import { limitExceeded, noSuchEntity } from '../no-such-entity.ts'
import { requireAction } from '../require-action.ts'
import { findUser, namedUser } from '../users/found-user.ts'
import { makeKeyRow, type NewKey, nameKeyRows } from './key-rows.ts'
import { createRootKey } from './root-keys.ts'

const action = 'iam:CreateAccessKey'

export const createAccessKey: QueryAction = async (call) => {
  const named = namedUser(call)
  const { tenantId } = call.identity
  if (named.is === 'root') {
    await requireAction(call, action, { arn: rootArn(tenantId) })
    return renderNewKey(undefined, await createRootKey(call.services, tenantId))
  }
  const user = await findUser(call, { name: named.name, action })
  refuseFull(user)
  return renderNewKey(user.name, await createUserKey(call, user))
}

/** Throws `NoSuchEntity` and `LimitExceeded`, then with no row left. */
async function createUserKey(
  { services, identity }: QueryCall,
  user: UserDocument,
): Promise<NewKey> {
  const { tenantId } = identity
  const { identities, tenants } = services.metadata
  const made = await makeKeyRow(services, { tenantId, userName: user.name })
  const { accessKeyId, createdMs } = made.row
  try {
    const after = await changeAccount(identities, tenantId, async (account) => {
      const now = await account.get('user', nameKey(user.name))
      if (now?.id !== user.id) throw noSuchEntity('user', user.name)
      // Asked for twice at once, by whoever draws the same twice.
      if (now.accessKeys.some((key) => key.accessKeyId === accessKeyId)) return now
      refuseFull(now)
      const accessKeys = [...now.accessKeys, { accessKeyId, status: 'active' as const, createdMs }]
      account.put('user', nameKey(user.name), { ...now, accessKeys })
      return now
    })
    // Meanwhile he may have got one that differs in case.
    if (after.name !== user.name) await nameKeyRows(services, tenantId, after)
    return made
  } catch (cause) {
    await tenants.removeAccessKey(tenantId, accessKeyId)
    throw cause
  }
}

/** Throws `LimitExceeded`. */
function refuseFull({ accessKeys }: UserDocument): void {
  if (accessKeys.length >= keysOfUserMax) throw limitExceeded('AccessKeysPerUser', keysOfUserMax)
}

function renderNewKey(userName: string | undefined, { row, secretAccessKey }: NewKey): string {
  return parent(
    'AccessKey',
    element('UserName', userName),
    element('AccessKeyId', row.accessKeyId),
    element('Status', 'Active'),
    element('SecretAccessKey', secretAccessKey),
    element('CreateDate', queryTime(row.createdMs)),
  )
}
