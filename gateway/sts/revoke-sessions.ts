// RevokeSessions: ends all sessions of a role, a user or the root user that began before a moment. An action of ours, for AWS
// has none: its console writes an inline policy that denies older sessions, which works here too, but takes a
// place among the policies and never goes away by itself.
import { QueryError } from '../../protocol/query/query-error.ts'
import type { QueryParameters } from '../../protocol/query/query-parameters.ts'
import { element } from '../../protocol/s3/xml/xml-writer.ts'
import { iamArn, rootArn } from '../access/owner.ts'
import { type AccountDraft, changeAccount } from '../iam/change-account.ts'
import { nameKey, roleNameRule, userNameRule } from '../iam/iam-names.ts'
import { noSuchEntity } from '../iam/no-such-entity.ts'
import { requireAction } from '../iam/require-action.ts'
import type { QueryAction, QueryCall } from '../query/query-action.ts'
import { refuseSessions } from './require-sts.ts'

const action = 'iam:RevokeSessions'

export const revokeSessions: QueryAction = async (call) => {
  const { parameters, services, identity } = call
  // It changes the account, which is IAM's affair: what does not open that does not open this.
  if (identity.session?.of !== 'role') refuseSessions('RevokeSessions', identity)
  const whose = readWhose(parameters)
  const notBeforeMs = readNotBefore(parameters, services.now())
  const { tenantId } = call.identity
  await requireAction(call, action, { arn: await arnOf(call, whose) })
  const revokedMs = await changeAccount(services.metadata.identities, tenantId, (account) =>
    revoke(account, whose, notBeforeMs),
  )
  return element('NotBefore', new Date(revokedMs).toISOString())
}

type Whose =
  | { readonly is: 'role' | 'user'; readonly name: string }
  | { readonly is: 'root'; readonly name: 'root' }

/** Throws `ValidationError`. */
function readWhose(parameters: QueryParameters): Whose {
  const roleName = parameters.optional('RoleName', roleNameRule)
  const userName = parameters.optional('UserName', userNameRule)
  const isRoot = parameters.flag('RootUser') === true
  const named: readonly (Whose | undefined)[] = [
    roleName === undefined ? undefined : { is: 'role', name: roleName },
    userName === undefined ? undefined : { is: 'user', name: userName },
    isRoot ? { is: 'root', name: 'root' } : undefined,
  ]
  const [whose, ...more] = named.flatMap((each) => each ?? [])
  if (whose !== undefined && more.length === 0) return whose
  throw new QueryError(
    'ValidationError',
    'Name one of RoleName, UserName and RootUser=true whose sessions are to end.',
  )
}

const timeForm = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,3})?Z$/

/** Now, unless a moment is named. Throws `ValidationError`: for one to come too, which new sessions would begin before. */
function readNotBefore(parameters: QueryParameters, nowMs: number): number {
  const raw = parameters.raw('NotBefore')
  if (raw === undefined) return nowMs
  const ms = timeForm.test(raw) ? Date.parse(raw) : Number.NaN
  if (ms <= nowMs) return ms
  throw new QueryError(
    'ValidationError',
    'NotBefore is a time that has been, as in 2026-11-28T12:00:00Z.',
  )
}

/** With its path, where there is such a thing: permissions are about that. */
async function arnOf({ services, identity }: QueryCall, { is, name }: Whose): Promise<string> {
  const { tenantId } = identity
  if (is === 'root') return rootArn(tenantId)
  const found = await services.metadata.identities.get(tenantId, is, nameKey(name))
  return iamArn(tenantId, is, found ?? { path: '/', name })
}

/** Never takes back what was ended before. Throws `NoSuchEntity`. */
async function revoke(
  account: AccountDraft,
  { is, name }: Whose,
  notBeforeMs: number,
): Promise<number> {
  switch (is) {
    case 'root': {
      const document = (await account.get('account', 'account')) ?? {}
      const revokedMs = Math.max(notBeforeMs, document.rootRevokedBeforeMs ?? 0)
      account.put('account', 'account', { ...document, rootRevokedBeforeMs: revokedMs })
      return revokedMs
    }
    case 'role': {
      const role = await account.get('role', nameKey(name))
      if (role === undefined) throw noSuchEntity('role', name)
      const revokedMs = Math.max(notBeforeMs, role.revokedBeforeMs ?? 0)
      account.put('role', nameKey(name), { ...role, revokedBeforeMs: revokedMs })
      return revokedMs
    }
    case 'user': {
      const user = await account.get('user', nameKey(name))
      if (user === undefined) throw noSuchEntity('user', name)
      const revokedMs = Math.max(notBeforeMs, user.revokedBeforeMs ?? 0)
      account.put('user', nameKey(name), { ...user, revokedBeforeMs: revokedMs })
      return revokedMs
    }
    default:
      return is satisfies never
  }
}
