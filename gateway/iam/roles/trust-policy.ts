// The policy that says who may assume a role: checked when it is put, those whom it names too.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_create_for-custom.html
import type { TenantId } from '../../../metadata/records.ts'
import type { PolicyDocument, PrincipalName } from '../../../protocol/policy/policy-document.ts'
import { policySizes } from '../../../protocol/policy/policy-sizes.ts'
import { QueryError } from '../../../protocol/query/query-error.ts'
import { accountId, iamArn } from '../../access/owner.ts'
import { nameKey } from '../iam-names.ts'
import { limitExceeded } from '../no-such-entity.ts'
import { checkDocument, keptText } from '../policies/checked-document.ts'
import type { AccountReader } from '../policies/managed-policy.ts'

export type CheckedTrust = { readonly text: string; readonly document: PolicyDocument }

/** What is kept of it. Throws `MalformedPolicyDocument`, `LimitExceeded`. */
export function checkTrust(text: string): CheckedTrust {
  const size = policySizes.trust
  const tooLong = limitExceeded('ACLSizePerRole', size.max)
  const document = checkDocument(text, { kind: 'trust', size, tooLong })
  return { text: keptText(text, size.max, tooLong), document }
}

/**
 * Users and roles of the account have to be there; of other accounts nothing is known here. Throws
 * `MalformedPolicyDocument`.
 */
export async function requirePrincipals(
  account: AccountReader,
  tenantId: TenantId,
  { statements }: PolicyDocument,
): Promise<void> {
  const asked = new Set<string>()
  for (const name of statements.flatMap(({ principals }) => principals?.values ?? [])) {
    const arn = ownArn(name, accountId(tenantId))
    if (arn === undefined || asked.has(arn)) continue
    asked.add(arn)
    if (!(await isThere(account, tenantId, arn))) {
      throw new QueryError('MalformedPolicyDocument', `Invalid principal in policy: "AWS":"${arn}"`)
    }
  }
}

/** Of a user or a role of the account. Sessions come and go. */
function ownArn(name: PrincipalName, account: string): string | undefined {
  if (name.is !== 'arn' || name.accountId !== account) return undefined
  return name.arn.includes(':iam:') ? name.arn : undefined
}

async function isThere(account: AccountReader, tenantId: TenantId, arn: string): Promise<boolean> {
  const of = arn.includes(':role/') ? 'role' : 'user'
  const name = arn.slice(arn.lastIndexOf('/') + 1)
  if (name === '') return false
  const found = await account.get(of, nameKey(name))
  return found !== undefined && iamArn(tenantId, of, found) === arn
}
