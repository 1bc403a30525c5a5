// AssumeRoleWithLDAPIdentity, as clients of MinIO call it: whoever has an account in the operator's directory gets a session of
// the role that the operator has given to him or a group of his, where that role's trust policy lets him.
// https://min.io/docs/minio/linux/developers/security-token-service/AssumeRoleWithLDAPIdentity.html
import { createHash } from 'node:crypto'
import { QueryError } from '../../../protocol/query/query-error.ts'
import type { LdapRole } from '../../config/ldap-roles.ts'
import type { OpenQueryAction, OpenQueryCall } from '../../query/query-action.ts'
import { beginRoleSession } from '../begin-session.ts'
import { notProvided, requireProvided } from '../require-sts.ts'
import { askedSeconds, readRoleSeconds } from '../session-names.ts'
import { readSessionPolicies, requirePolicies } from '../session-policies.ts'
import { findTargetRole, parseRoleArn, readRoleArn, type TargetRole } from '../target-role.ts'
import type { Directory, DirectoryUser } from './directory.ts'
import { comparableDn } from './distinguished-name.ts'

const action = 'sts:AssumeRoleWithLDAPIdentity'
/** As trust policies name the directory: `"Principal": {"Federated": "ldap.holdfast"}`. */
const provider = 'ldap.holdfast'

export type LdapDeps = { readonly directory: Directory; readonly roles: readonly LdapRole[] }

export function assumeRoleWithLdapIdentity({ directory, roles }: LdapDeps): OpenQueryAction {
  return async (call) => {
    const { parameters, services } = call
    const name = parameters.text('LDAPUsername', {
      from: 1,
      to: 255,
      pattern: /^[^\x00-\x1f\x7f]*$/,
    })
    const password = readPassword(call)
    const policies = readSessionPolicies(parameters)
    const asked = parameters.raw('RoleArn') === undefined ? undefined : readRoleArn(parameters).arn
    const user = await signIn(directory, { name, password })
    const roleArn = rolesOf(user, roles).find((each) => asked === undefined || each === asked)
    const wanted = roleArn === undefined ? undefined : parseRoleArn(roleArn)
    const target = wanted && (await findTargetRole(services.metadata, wanted))
    if (target === undefined) throw notProvided(action)
    const sessionName = sessionNameOf(name, user)
    await requireTrust(call, { target, user, name, sessionName })
    const seconds = readRoleSeconds(parameters, target.role, { isChained: false })
    await requirePolicies(services.metadata.identities, target.tenantId, policies)
    return beginRoleSession(
      call,
      { ...target, subject: user.dn },
      {
        ...{ name: sessionName, seconds, ...policies, provider },
        keys: { 'ldap:username': name, 'ldap:user': user.dn },
      },
    )
  }
}

/** What is wrong with it is told without repeating it. Throws `ValidationError`. */
function readPassword({ parameters }: Pick<OpenQueryCall, 'parameters'>): string {
  const password = parameters.raw('LDAPPassword')
  if (password !== undefined && password !== '' && password.length <= 1024) return password
  throw new QueryError('ValidationError', 'LDAPPassword has 1 to 1024 characters.')
}

/** Throws `AccessDenied`, `IDPCommunicationError`, `SlowDown`. */
async function signIn(
  directory: Directory,
  by: Parameters<Directory['signIn']>[0],
): Promise<DirectoryUser> {
  const answer = await directory.signIn(by)
  switch (answer.is) {
    case 'user':
      return answer.user
    case 'refused':
      throw new QueryError('AccessDenied', 'The name or the password is not right.')
    case 'unreachable':
      throw new QueryError('IDPCommunicationError', 'The directory could not be asked. Try again.')
    case 'busy':
      throw new QueryError('SlowDown', 'Too many sign in at once. Try again.')
    default:
      return answer satisfies never
  }
}

/** In the order in which the operator has written them. */
function rolesOf({ dn, groups }: DirectoryUser, roles: readonly LdapRole[]): readonly string[] {
  const own = comparableDn(dn)
  const ofGroups = new Set(groups.map(comparableDn))
  return roles.flatMap((each) => {
    const named = comparableDn(each.dn)
    const isMeant = each.of === 'user' ? named === own : ofGroups.has(named)
    return isMeant ? [each.roleArn] : []
  })
}

/** His name, where it can be one of a session; else what is left of it, told apart by a digest of his DN. */
function sessionNameOf(name: string, { dn }: DirectoryUser): string {
  if (/^[\w+=,.@-]{2,64}$/.test(name)) return name
  const digest = createHash('sha256').update(dn).digest('hex').slice(0, 12)
  return `${name.replace(/[^\w+=,.@-]/g, '-').slice(0, 50)}-${digest}`
}

type Asked = {
  readonly target: TargetRole
  readonly user: DirectoryUser
  readonly name: string
  readonly sessionName: string
}

/** Throws `AccessDenied`. */
async function requireTrust(call: OpenQueryCall, asked: Asked): Promise<void> {
  const { target, user, name, sessionName } = asked
  const { tenantId, arn, trust, role } = target
  await requireProvided(call, action, {
    ...{ tenantId, arn, trust, provider, tags: role.tags },
    keys: {
      'ldap:username': name,
      'ldap:user': user.dn,
      'ldap:groups': user.groups,
      'sts:rolesessionname': sessionName,
      'sts:durationseconds': askedSeconds(call.parameters),
    },
  })
}
