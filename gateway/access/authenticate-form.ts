// Who sent a browser's form: its fields carry the signature, over the policy that they also carry.
import { parsePostSignatureV2 } from '../../protocol/s3/sigv2/post-signature-v2.ts'
import { requireMatch } from '../../protocol/s3/sigv2/verify-signature-v2.ts'
import type { FormFields } from '../../protocol/s3/sigv4/post-form.ts'
import { parsePostSignature, verifyPostSignature } from '../../protocol/s3/sigv4/post-signature.ts'
import { type AuthenticateDeps, findCredentials, ofVersion2, regionFor } from './authenticate.ts'
import { anonymous, type Identity } from './identity.ts'
import type { SignatureNote, SignatureNotes } from './signature-note.ts'

/**
 * Finds who signed a form, from its fields as they came, and verifies that signature. What the policy that
 * it signs allows is for others to check. A form without policy and signature is anonymous.
 */
export type AuthenticateForm = (fields: FormFields, notes: SignatureNotes) => Promise<Identity>

/**
 * Throws what the functions it is made of throw: malformed and wrong signatures, `InvalidAccessKeyId`,
 * `InvalidToken`.
 */
export function makeAuthenticateForm(deps: AuthenticateDeps): AuthenticateForm {
  return async (fields, notes) => {
    const version2 = parsePostSignatureV2(fields)
    if (version2 !== undefined) {
      const signature = noteForm(notes, 2)
      const { identity, secretAccessKey } = await findCredentials(deps.credentials, version2)
      signature.accessKeyId = identity.accessKeyId
      requireMatch(version2.policy, version2, secretAccessKey)
      deps.keyUses.note(identity, ofVersion2)
      return identity
    }
    const presented = parsePostSignature(fields)
    if (presented === 'anonymous') return anonymous
    const signature = noteForm(notes, 4)
    const found = await findCredentials(deps.credentials, {
      accessKeyId: presented.scope.accessKeyId,
      sessionToken: presented.sessionToken,
    })
    signature.accessKeyId = found.identity.accessKeyId
    verifyPostSignature(presented, {
      secretAccessKey: found.secretAccessKey,
      signingKeys: deps.signingKeys,
      region: regionFor(deps, found.identity, presented),
    })
    deps.keyUses.note(found.identity, { service: 's3', region: presented.scope.region })
    return found.identity
  }
}

function noteForm(notes: SignatureNotes, version: SignatureNote['version']): SignatureNote {
  const signature: SignatureNote = { version, by: 'form', accessKeyId: undefined }
  notes.signature = signature
  return signature
}
