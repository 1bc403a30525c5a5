// Who sent a browser's form: its fields carry the signature, over the policy that they also carry.
import { S3Error } from '../../protocol/s3/s3-error.ts'
import { parsePostSignature, verifyPostSignature } from '../../protocol/s3/sigv4/post-signature.ts'
import type { AuthenticateForm } from '../operations/post-object.ts'
import { type AuthenticateParts, findCredentials } from './authenticate.ts'

/** Throws what the two functions above throw, `InvalidAccessKeyId`, `AccessDenied` for an unsigned form. */
export function makeAuthenticateForm(parts: AuthenticateParts): AuthenticateForm {
  return async (fields) => {
    const presented = parsePostSignature(fields)
    if (presented === 'anonymous') throw new S3Error('AccessDenied')
    const found = await findCredentials(parts.credentials, presented.scope.accessKeyId)
    verifyPostSignature(presented, {
      secretAccessKey: found.secretAccessKey,
      signingKeys: parts.signingKeys,
      region: parts.region,
    })
    return { identity: found.identity, keys: found.keys }
  }
}
