// Who sent a browser's form: its fields carry the signature, over the policy that they also carry.
import { S3Error } from '../../protocol/s3/s3-error.ts'
import { parsePostSignatureV2 } from '../../protocol/s3/sigv2/post-signature-v2.ts'
import { requireMatch } from '../../protocol/s3/sigv2/verify-signature-v2.ts'
import { parsePostSignature, verifyPostSignature } from '../../protocol/s3/sigv4/post-signature.ts'
import type { AuthenticateForm } from '../operations/post-object.ts'
import { type AuthenticateParts, findCredentials } from './authenticate.ts'
import { refuseSessionToken } from './refuse-session-token.ts'

/**
 * Throws what the functions it is made of throw: malformed and wrong signatures, `InvalidAccessKeyId`,
 * `InvalidToken`; and `AccessDenied` for an unsigned form.
 */
export function makeAuthenticateForm(parts: AuthenticateParts): AuthenticateForm {
  return async (fields) => {
    const version2 = parsePostSignatureV2(fields)
    if (version2 !== undefined) {
      const { identity, keys, secretAccessKey } = await findCredentials(
        parts.credentials,
        version2.accessKeyId,
      )
      refuseSessionToken(version2.sessionToken)
      requireMatch(version2.policy, version2, secretAccessKey)
      return { identity, keys }
    }
    const presented = parsePostSignature(fields)
    if (presented === 'anonymous') throw new S3Error('AccessDenied')
    const found = await findCredentials(parts.credentials, presented.scope.accessKeyId)
    refuseSessionToken(presented.sessionToken)
    verifyPostSignature(presented, {
      secretAccessKey: found.secretAccessKey,
      signingKeys: parts.signingKeys,
      region: parts.region,
    })
    return { identity: found.identity, keys: found.keys }
  }
}
