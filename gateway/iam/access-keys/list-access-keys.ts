// ListAccessKeys, and GetAccessKeyLastUsed. https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListAccessKeys.html
import type { UserKey } from '../../../metadata/identity-records.ts'
import type { AccessKey } from '../../../metadata/records.ts'
import { QueryError } from '../../../protocol/query/query-error.ts'
import { queryTime } from '../../../protocol/query/render-query-reply.ts'
import { element, parent } from '../../../protocol/s3/xml/xml-writer.ts'
import { rootUserName } from '../../access/identity.ts'
import { iamArn, rootArn } from '../../access/owner.ts'
import type { QueryAction, QueryCall } from '../../query/query-action.ts'
import { accessKeyIdRule, nameKey } from '../iam-names.ts'
import { pageOf, readPage, renderPage } from '../iam-page.ts'
import { requireAction } from '../require-action.ts'
import { accountOf, findUser, namedUser } from '../users/found-user.ts'
import { renderKey } from './found-key.ts'
import { rootKeysOf } from './root-keys.ts'

type Listed = { readonly userName: string | undefined; readonly keys: readonly UserKey[] }

export const listAccessKeys: QueryAction = async (call) => {
  const page = readPage(call.parameters)
  const { userName, keys } = await keysAsked(call)
  const sorted = [...keys].sort((a, b) => (a.accessKeyId < b.accessKeyId ? -1 : 1))
  const found = pageOf(sorted, ({ accessKeyId }) => accessKeyId, page)
  const shown = renderPage('AccessKeyMetadata', found, (key) => renderKey(userName, key))
  return element('UserName', userName) + shown
}

async function keysAsked(call: QueryCall): Promise<Listed> {
  const named = namedUser(call)
  const action = 'iam:ListAccessKeys'
  if (named.is === 'user') {
    const user = await findUser(call, { name: named.name, action })
    return { userName: user.name, keys: user.accessKeys }
  }
  const { tenantId } = call.identity
  await requireAction(call, action, { arn: rootArn(tenantId) })
  return { userName: undefined, keys: await rootKeysOf(call.services, tenantId) }
}

/** One and the same refusal for keys that there are not, of others, and of users about whom the caller may not ask. */
export const getAccessKeyLastUsed: QueryAction = async (call) => {
  const { services, parameters } = call
  const accessKeyId = parameters.text('AccessKeyId', accessKeyIdRule)
  const row = await services.metadata.tenants.getAccessKey(accessKeyId)
  const owner = row && (await ownerOfKey(call, row))
  const action = 'iam:GetAccessKeyLastUsed'
  const { tenantId } = call.identity
  const resource = { is: 'identity' as const, tenantId, arn: '*', ...owner?.resource }
  const isAllowed = await call.decider.allows(action, resource)
  if (owner === undefined || !isAllowed) {
    const { arn } = await services.standings.now(call.identity)
    throw new QueryError(
      'AccessDenied',
      `User: ${arn} is not authorized to perform: ${action} on resource: access key ${accessKeyId}`,
    )
  }
  const use = await services.metadata.tenants.keyUse(accessKeyId)
  return (
    element('UserName', owner.userName) +
    parent(
      'AccessKeyLastUsed',
      element('Region', use?.region ?? 'N/A'),
      element('LastUsedDate', use && queryTime(use.usedMs)),
      element('ServiceName', use?.service ?? 'N/A'),
    )
  )
}

/** Undefined: of another account, or of nobody any more. */
async function ownerOfKey(call: QueryCall, { tenantId, userName, accessKeyId }: AccessKey) {
  if (tenantId !== call.identity.tenantId) return undefined
  if (userName === rootUserName) {
    return { userName: undefined, resource: { arn: rootArn(tenantId) } }
  }
  const user = await accountOf(call).get('user', nameKey(userName))
  if (user?.accessKeys.some((key) => key.accessKeyId === accessKeyId) !== true) return undefined
  const arn = iamArn(tenantId, 'user', user)
  return { userName: user.name, resource: { arn, tags: user.tags } }
}
