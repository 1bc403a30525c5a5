// CreateLoginProfile, GetLoginProfile, UpdateLoginProfile, DeleteLoginProfile: that a user has a password.
// https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateLoginProfile.html
import type { UserDocument } from '../../../metadata/identity-records.ts'
import { QueryError } from '../../../protocol/query/query-error.ts'
import { queryTime } from '../../../protocol/query/render-query-reply.ts'
import { element, parent } from '../../../protocol/s3/xml/xml-writer.ts'
import { rootUserName } from '../../access/identity.ts'
import type { QueryAction, QueryCall } from '../../query/query-action.ts'
import { changeAccount } from '../change-account.ts'
import { nameKey } from '../iam-names.ts'
import { accountOf, findUser, namedUser } from '../users/found-user.ts'
import { readAccount } from './account-document.ts'
import { readPassword, requireStrong } from './password-rules.ts'
import { noLogin, putPassword } from './put-password.ts'

export const createLoginProfile: QueryAction = async (call) => {
  const { parameters, services, identity } = call
  const name = namedForLogin(call)
  const password = readPassword(parameters, 'Password')
  const changeRequired = parameters.flag('PasswordResetRequired') ?? false
  const found = await findUser(call, { name, action: 'iam:CreateLoginProfile' })
  refuseLogin(found)
  const { passwordPolicy } = await readAccount(accountOf(call))
  requireStrong(password, passwordPolicy)
  const hash = await services.passwords.hash(password)
  const createdMs = services.now()
  const login = { hash, changeRequired, createdMs, setMs: createdMs }
  const { identities } = services.metadata
  const user = await changeAccount(identities, identity.tenantId, async (account) => {
    const now = await findUser(call, { name, action: 'iam:CreateLoginProfile', account })
    refuseLogin(now)
    const after = { ...now, login }
    account.put('user', nameKey(name), after)
    return after
  })
  return renderLogin(user)
}

export const getLoginProfile: QueryAction = async (call) => {
  const name = namedForLogin(call)
  return renderLogin(await findUser(call, { name, action: 'iam:GetLoginProfile' }))
}

export const updateLoginProfile: QueryAction = async (call) => {
  const { parameters } = call
  const name = namedForLogin(call)
  const isGiven = parameters.raw('Password') !== undefined
  const password = isGiven ? readPassword(parameters, 'Password') : undefined
  const changeRequired = parameters.flag('PasswordResetRequired')
  const user = await findUser(call, { name, action: 'iam:UpdateLoginProfile' })
  await putPassword(call, user, { password, changeRequired })
  return undefined
}

export const deleteLoginProfile: QueryAction = async (call) => {
  const name = namedForLogin(call)
  const { identities } = call.services.metadata
  await changeAccount(identities, call.identity.tenantId, async (account) => {
    const user = await findUser(call, { name, action: 'iam:DeleteLoginProfile', account })
    if (user.login === undefined) throw noLogin(user.name)
    const { login: _, ...without } = user
    account.put('user', nameKey(name), without)
  })
  return undefined
}

/** The root user has none: as with any name that there is no user of. */
function namedForLogin(call: QueryCall): string {
  const named = namedUser(call)
  return named.is === 'root' ? rootUserName : named.name
}

/** Throws `EntityAlreadyExists`. */
function refuseLogin({ login, name }: UserDocument): void {
  if (login === undefined) return
  throw new QueryError('EntityAlreadyExists', `Login Profile for user ${name} already exists.`)
}

/** Throws `NoSuchEntity`. */
function renderLogin({ name, login }: UserDocument): string {
  if (login === undefined) throw noLogin(name)
  return parent(
    'LoginProfile',
    element('UserName', name),
    element('CreateDate', queryTime(login.createdMs)),
    element('PasswordResetRequired', login.changeRequired),
  )
}
