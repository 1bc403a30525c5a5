// ChangePassword: of oneself, for which one has to know the old one.
// https://docs.aws.amazon.com/IAM/latest/APIReference/API_ChangePassword.html
import { QueryError } from '../../../protocol/query/query-error.ts'
import { isRootUser } from '../../access/standing.ts'
import type { QueryAction } from '../../query/query-action.ts'
import { accountOf, findUser } from '../users/found-user.ts'
import { readAccount } from './account-document.ts'
import { ofOwnPassword } from './own-password.ts'
import { readPassword } from './password-rules.ts'
import { noLogin, putPassword } from './put-password.ts'

export const changePassword: QueryAction = async (call) => {
  const { parameters, services, identity } = call
  const before = readPassword(parameters, 'OldPassword')
  const password = readPassword(parameters, 'NewPassword')
  const { session, userName } = identity
  if (isRootUser(identity) || (session !== undefined && session.of !== 'user')) {
    throw new QueryError('InvalidUserType', 'Only IAM Users can change their own password')
  }
  const policy = (await readAccount(accountOf(call))).passwordPolicy
  const user = await findUser(call, {
    ...{ name: userName, action: 'iam:ChangePassword' },
    ...ofOwnPassword(policy),
  })
  if (user.login === undefined) throw noLogin(user.name)
  if (!(await services.passwords.matches(before, user.login.hash))) {
    throw new QueryError('AccessDenied', 'The old password was incorrect.')
  }
  await putPassword(call, user, { password, changeRequired: false })
  return undefined
}
