// Which function serves which action of STS.
import type { LdapSettings } from '../config/take-ldap.ts'
import type { OidcSettings } from '../config/take-oidc.ts'
import type { Log } from '../log.ts'
import type { QueryActions } from '../query/query-action.ts'
import { assumeRole } from './assume-role.ts'
import { decodeAuthorizationMessage } from './decode-authorization-message.ts'
import { getAccessKeyInfo } from './get-access-key-info.ts'
import { getCallerIdentity } from './get-caller-identity.ts'
import { getFederationToken } from './get-federation-token.ts'
import { getSessionToken } from './get-session-token.ts'
import { assumeRoleWithLdapIdentity } from './ldap/assume-role-with-ldap-identity.ts'
import { openDirectory } from './ldap/directory.ts'
import { assumeRoleWithWebIdentity } from './oidc/assume-role-with-web-identity.ts'
import { IssuerKeys } from './oidc/issuer-keys.ts'
import { issuerRules } from './oidc/issuer-rules.ts'
import { revokeSessions } from './revoke-sessions.ts'

export type StsSettings = {
  readonly oidc: OidcSettings
  readonly ldap?: LdapSettings
}

export type StsDeps = {
  /** Milliseconds, monotonic. */
  readonly clock: () => number
  readonly log: Log
}

export function makeStsActions({ oidc, ldap }: StsSettings, { clock, log }: StsDeps): QueryActions {
  const issuerKeys = new IssuerKeys({ rules: issuerRules(oidc), clock })
  return {
    signed: {
      AssumeRole: assumeRole,
      DecodeAuthorizationMessage: decodeAuthorizationMessage,
      GetAccessKeyInfo: getAccessKeyInfo,
      GetCallerIdentity: getCallerIdentity,
      GetFederationToken: getFederationToken,
      GetSessionToken: getSessionToken,
      RevokeSessions: revokeSessions,
    },
    open: {
      AssumeRoleWithWebIdentity: assumeRoleWithWebIdentity(issuerKeys),
      ...(ldap === undefined ? {} : { AssumeRoleWithLDAPIdentity: ofDirectory(ldap, log) }),
    },
  }
}

function ofDirectory(settings: LdapSettings, log: Log) {
  const { roles } = settings
  const directory = openDirectory(settings, (cause) => {
    log.warn('the LDAP server could not be asked', { cause })
  })
  return assumeRoleWithLdapIdentity({ directory, roles })
}
