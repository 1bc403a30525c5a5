// Which user an action is about, and whether the caller may do it to him: asked before it is told whether he exists.
import type { UserDocument } from '../../../metadata/identity-records.ts'
import { QueryError } from '../../../protocol/query/query-error.ts'
import type { IdentityResource } from '../../access/authorize.ts'
import { rootUserName, type User } from '../../access/identity.ts'
import { iamArn } from '../../access/owner.ts'
import { isRootUser } from '../../access/standing.ts'
import type { QueryCall } from '../../query/query-action.ts'
import { AccountDraft } from '../change-account.ts'
import { existingNameRule, nameKey } from '../iam-names.ts'
import { noSuchEntity } from '../no-such-entity.ts'
import { requireAction } from '../require-action.ts'

export type NamedUser = { readonly is: 'root' } | { readonly is: 'user'; readonly name: string }

/** That of `UserName`, or the caller himself. Throws `ValidationError` when that is no user. */
export function namedUser({ identity, parameters }: QueryCall): NamedUser {
  const name = parameters.optional('UserName', existingNameRule)
  return name === undefined ? callingUser(identity) : { is: 'user', name }
}

function callingUser(identity: User): NamedUser {
  if (isRootUser(identity)) return { is: 'root' }
  const { session, userName } = identity
  if (session === undefined || session.of === 'user') return { is: 'user', name: userName }
  throw new QueryError(
    'ValidationError',
    'Must specify userName when calling with non-User credentials',
  )
}

type Wanted = Omit<IdentityResource, 'tenantId' | 'arn' | 'tags'> & {
  readonly name: string
  /** As in `iam:GetUser`. */
  readonly action: string
  /** Where the user is read. Default: as he is now. */
  readonly account?: AccountDraft
}

/** Throws `AccessDenied`, and then `NoSuchEntity`. */
export async function findUser(
  call: QueryCall,
  { name, action, account = accountOf(call), ...resource }: Wanted,
): Promise<UserDocument> {
  const { tenantId } = call.identity
  const user = await account.get('user', nameKey(name))
  const arn = iamArn(tenantId, 'user', user ?? { path: '/', name })
  await requireAction(call, action, { arn, tags: user?.tags ?? [], ...resource })
  if (user === undefined) throw noSuchEntity('user', name)
  return user
}

/** The caller's account, to be read. */
export function accountOf({ services, identity }: QueryCall): AccountDraft {
  return new AccountDraft(services.metadata.identities, identity.tenantId)
}

/** Throws `InvalidInput`: rows of keys and sessions call the root user so. */
export function refuseRootName(name: string): void {
  if (nameKey(name) !== rootUserName) return
  throw new QueryError('InvalidInput', `The user name ${name} is reserved for the root user.`)
}
