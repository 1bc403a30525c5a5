// Whether a statement of a resource policy is about who asks, and how: the policy grants to him directly, to
// the role or user that his session is of, or leaves it to his account.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
import type { Principal } from './access-request.ts'
import type { PrincipalName, Statement } from './policy-document.ts'

/**
 * `direct`: everyone, the user, the session, the service. `source`: the role or user of the session.
 * `account`: his account may let him.
 */
export type PrincipalMatch = 'direct' | 'source' | 'account' | undefined

export type Asker = { readonly principal: Principal; readonly hasBoundary: boolean }

type AboutPrincipals = Pick<Statement, 'effect' | 'principals'>

/** Of a statement without principals, nobody. */
export function matchPrincipals(statement: AboutPrincipals, asker: Asker): PrincipalMatch {
  const { principals, effect } = statement
  if (principals === undefined) return undefined
  const match = bestMatch(principals.values, asker.principal)
  if (!principals.but) return match
  // AWS denies whoever has a boundary, named or not:
  // https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html
  if (effect === 'Deny' && asker.hasBoundary) return 'direct'
  // To name the account exempts all of it; so does naming the role, of its sessions.
  return match === undefined ? 'direct' : undefined
}

function bestMatch(names: readonly PrincipalName[], principal: Principal): PrincipalMatch {
  let best: PrincipalMatch
  for (const name of names) {
    const match = matchName(name, principal)
    if (match === 'direct') return match
    if (match === 'source' || best === undefined) best = match ?? best
  }
  return best
}

function matchName(name: PrincipalName, principal: Principal): PrincipalMatch {
  switch (name.is) {
    case 'everyone':
      return 'direct'
    case 'account':
      return accountOf(principal) === name.accountId ? 'account' : undefined
    case 'canonical user':
      return 'canonicalUserId' in principal && principal.canonicalUserId === name.id
        ? 'account'
        : undefined
    case 'arn':
      return matchArn(name.arn, principal)
    case 'identity provider':
      return 'provider' in principal && principal.provider === name.provider ? 'direct' : undefined
    case 'service':
      return principal.is === 'service' && principal.service === name.service ? 'direct' : undefined
    default:
      return name satisfies never
  }
}

function matchArn(arn: string, principal: Principal): PrincipalMatch {
  switch (principal.is) {
    case 'user':
      return principal.arn === arn ? 'direct' : undefined
    case 'role session':
      if (principal.arn === arn) return 'direct'
      return principal.roleArn === arn ? 'source' : undefined
    case 'federated user':
      if (principal.arn === arn) return 'direct'
      return principal.userArn === arn ? 'source' : undefined
    default:
      // Anonymous, services and providers have no ARN; a root user's is an account.
      return undefined
  }
}

/** Undefined: none, as of an anonymous request. */
export function accountOf(principal: Principal): string | undefined {
  return 'accountId' in principal ? principal.accountId : undefined
}
