// Another password in the place of a user's. What takes long, hashing, is done before the account is changed; when his password
// has changed meanwhile, that was for nothing.
import type { UserDocument } from '../../../metadata/identity-records.ts'
import { QueryError } from '../../../protocol/query/query-error.ts'
import type { QueryCall } from '../../query/query-action.ts'
import { changeAccount } from '../change-account.ts'
import { nameKey } from '../iam-names.ts'
import { accountOf } from '../users/found-user.ts'
import { readAccount } from './account-document.ts'
import { earlierHashes, requireNew, requireStrong } from './password-rules.ts'

type Login = NonNullable<UserDocument['login']>

export type NewPassword = {
  /** Undefined: it stays. */
  readonly password: string | undefined
  /** Undefined: as it was. */
  readonly changeRequired: boolean | undefined
}

/**
 * Throws `NoSuchEntity` when the user has no password, `PasswordPolicyViolation`, and `EntityTemporarilyUnmodifiable` when
 * somebody else has changed it meanwhile.
 */
export async function putPassword(
  call: QueryCall,
  { id, name, login }: UserDocument,
  { password, changeRequired }: NewPassword,
): Promise<void> {
  if (login === undefined) throw noLogin(name)
  const next = {
    ...(password === undefined ? login : await withPassword(call, login, password)),
    changeRequired: changeRequired ?? login.changeRequired,
  }
  const { identities } = call.services.metadata
  await changeAccount(identities, call.identity.tenantId, async (account) => {
    const user = await account.get('user', nameKey(name))
    if (user?.id !== id || user.login?.hash !== login.hash) throw unmodifiable(name)
    account.put('user', nameKey(name), { ...user, login: next })
  })
}

async function withPassword(call: QueryCall, login: Login, password: string): Promise<Login> {
  const { passwords, now } = call.services
  const { passwordPolicy: policy } = await readAccount(accountOf(call))
  requireStrong(password, policy)
  await requireNew(passwords, password, { login, policy })
  const hash = await passwords.hash(password)
  return { ...login, hash, setMs: now(), earlier: earlierHashes(login, policy) }
}

export function noLogin(userName: string): QueryError {
  return new QueryError('NoSuchEntity', `Login Profile for User ${userName} cannot be found.`)
}

function unmodifiable(userName: string): QueryError {
  return new QueryError(
    'EntityTemporarilyUnmodifiable',
    `Login Profile for User ${userName} cannot be modified while login profile is being modified.`,
  )
}
