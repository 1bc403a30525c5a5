// Who sent a browser's form: its fields carry the signature, over the policy that they also carry.
import { S3Error } from '../../protocol/s3/s3-error.ts'
import { parsePostSignatureV2 } from '../../protocol/s3/sigv2/post-signature-v2.ts'
import { requireMatch } from '../../protocol/s3/sigv2/verify-signature-v2.ts'
import type { FormFields } from '../../protocol/s3/sigv4/post-form.ts'
import { parsePostSignature, verifyPostSignature } from '../../protocol/s3/sigv4/post-signature.ts'
import { type AuthenticateDeps, type Caller, findCredentials } from './authenticate.ts'
import { refuseSessionToken } from './refuse-session-token.ts'

/**
 * Finds who signed a form, from its fields as they came, and verifies that signature. What the policy that
 * it signs allows is for others to check. Throws `AccessDenied` for a form without a signature.
 */
export type AuthenticateForm = (fields: FormFields) => Promise<Omit<Caller, 'payload'>>

/**
 * Throws what the functions it is made of throw: malformed and wrong signatures, `InvalidAccessKeyId`,
 * `InvalidToken`; and `AccessDenied` for an unsigned form.
 */
export function makeAuthenticateForm(deps: AuthenticateDeps): AuthenticateForm {
  return async (fields) => {
    const version2 = parsePostSignatureV2(fields)
    if (version2 !== undefined) {
      const { identity, keys, secretAccessKey } = await findCredentials(
        deps.credentials,
        version2.accessKeyId,
      )
      refuseSessionToken(version2.sessionToken)
      requireMatch(version2.policy, version2, secretAccessKey)
      return { identity, keys }
    }
    const presented = parsePostSignature(fields)
    if (presented === 'anonymous') throw new S3Error('AccessDenied')
    const found = await findCredentials(deps.credentials, presented.scope.accessKeyId)
    refuseSessionToken(presented.sessionToken)
    verifyPostSignature(presented, {
      secretAccessKey: found.secretAccessKey,
      signingKeys: deps.signingKeys,
      region: deps.region,
    })
    return { identity: found.identity, keys: found.keys }
  }
}
