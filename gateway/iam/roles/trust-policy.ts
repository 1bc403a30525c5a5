// The policy that says who may assume a role: checked when it is put, those whom it names too.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_create_for-custom.html
import type { RoleDocument } from '../../../metadata/identity-records.ts'
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
  return { text: keptText(text, tooLong), document }
}

type Trusted = NonNullable<RoleDocument['trusted']>

/**
 * The unique ids of those whom it names. Users and roles of the account have to be there; of other accounts nothing is known
 * here. Throws `MalformedPolicyDocument`.
 */
export async function requirePrincipals(
  account: AccountReader,
  tenantId: TenantId,
  { statements }: PolicyDocument,
): Promise<Trusted> {
  const ids = new Map<string, string>()
  for (const name of statements.flatMap(({ principals }) => principals?.values ?? [])) {
    const arn = ownArn(name, accountId(tenantId))
    if (arn === undefined || ids.has(arn)) continue
    const id = await idOf(account, tenantId, arn)
    if (id === undefined) {
      throw new QueryError('MalformedPolicyDocument', `Invalid principal in policy: "AWS":"${arn}"`)
    }
    ids.set(arn, id)
  }
  return Object.fromEntries(ids)
}

/** Of a user or a role of the account. Sessions come and go. */
function ownArn(name: PrincipalName, account: string): string | undefined {
  if (name.is !== 'arn' || name.accountId !== account) return undefined
  return name.arn.includes(':iam:') ? name.arn : undefined
}

async function idOf(
  account: AccountReader,
  tenantId: TenantId,
  arn: string,
): Promise<string | undefined> {
  const of = arn.includes(':role/') ? 'role' : 'user'
  const name = arn.slice(arn.lastIndexOf('/') + 1)
  const found = name === '' ? undefined : await account.get(of, nameKey(name))
  return found !== undefined && iamArn(tenantId, of, found) === arn ? found.id : undefined
}

type Caller = { readonly arn: string; readonly id: string }

/**
 * The policy as it is about a user or a role who asks. One who has the name of somebody that was there when it was put, and is
 * no more, is not whom it names. https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
 */
export function trustAbout(
  document: PolicyDocument,
  { arn, id }: Caller,
  trusted: Trusted = {},
): PolicyDocument {
  if (!Object.hasOwn(trusted, arn) || trusted[arn] === id) return document
  const isOther = (name: PrincipalName) => name.is !== 'arn' || name.arn !== arn
  const statements = document.statements.map((statement) => {
    const { principals } = statement
    if (principals === undefined) return statement
    return {
      ...statement,
      principals: { ...principals, values: principals.values.filter(isOther) },
    }
  })
  return { ...document, statements }
}
