// Which function serves which action of STS.
import type { QueryActions } from '../query/query-action.ts'
import { assumeRole } from './assume-role.ts'
import { decodeAuthorizationMessage } from './decode-authorization-message.ts'
import { getAccessKeyInfo } from './get-access-key-info.ts'
import { getCallerIdentity } from './get-caller-identity.ts'
import { getFederationToken } from './get-federation-token.ts'
import { getSessionToken } from './get-session-token.ts'
import { revokeSessions } from './revoke-sessions.ts'

export const stsActions: QueryActions = {
  signed: {
    AssumeRole: assumeRole,
    DecodeAuthorizationMessage: decodeAuthorizationMessage,
    GetAccessKeyInfo: getAccessKeyInfo,
    GetCallerIdentity: getCallerIdentity,
    GetFederationToken: getFederationToken,
    GetSessionToken: getSessionToken,
    RevokeSessions: revokeSessions,
  },
  open: {},
}
