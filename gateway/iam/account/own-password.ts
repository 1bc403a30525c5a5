// What the account's password policy lets every user do, without a policy of his own: change his password, and read what it
// must be. A denial goes before it, as before any permission.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_passwords_enable-user-change.html
import type { PasswordPolicy } from '../../../metadata/identity-records.ts'
import { type CompiledPolicy, compilePolicy } from '../../../protocol/policy/compile-policy.ts'
import { parsePolicy } from '../../../protocol/policy/parse-policy.ts'
import { policySizes } from '../../../protocol/policy/policy-sizes.ts'
import type { IdentityResource } from '../../access/authorize.ts'

const document = {
  Version: '2012-10-17',
  Statement: {
    Effect: 'Allow',
    Action: ['iam:ChangePassword', 'iam:GetAccountPasswordPolicy'],
    Resource: '*',
  },
}

/** For actions on the caller himself alone. */
export function ofOwnPassword(
  policy: PasswordPolicy | undefined,
): Pick<IdentityResource, 'allowedBesides'> {
  return policy?.usersMayChange === true ? { allowedBesides: compiled() } : {}
}

function compiled(): CompiledPolicy {
  const parsed = parsePolicy(JSON.stringify(document), {
    kind: 'identity',
    size: policySizes.stored,
  })
  return compilePolicy(parsed, 'password policy')
}
