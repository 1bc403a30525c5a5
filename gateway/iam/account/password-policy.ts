// GetAccountPasswordPolicy, UpdateAccountPasswordPolicy, DeleteAccountPasswordPolicy.
// https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateAccountPasswordPolicy.html
import type { PasswordPolicy } from '../../../metadata/identity-records.ts'
import type { TenantId } from '../../../metadata/records.ts'
import { QueryError } from '../../../protocol/query/query-error.ts'
import { element, parent } from '../../../protocol/s3/xml/xml-writer.ts'
import { accountId } from '../../access/owner.ts'
import type { QueryAction, QueryCall } from '../../query/query-action.ts'
import { changeAccount } from '../change-account.ts'
import { requireAction } from '../require-action.ts'
import { accountOf } from '../users/found-user.ts'
import { putAccount, readAccount } from './account-document.ts'
import { ofOwnPassword } from './own-password.ts'

const anyResource = { arn: '*' } as const

export const getAccountPasswordPolicy: QueryAction = async (call) => {
  const { passwordPolicy: policy } = await readAccount(accountOf(call))
  const resource = { ...anyResource, ...ofOwnPassword(policy) }
  await requireAction(call, 'iam:GetAccountPasswordPolicy', resource)
  if (policy === undefined) throw noPolicy(call.identity.tenantId)
  return parent(
    'PasswordPolicy',
    element('MinimumPasswordLength', policy.minimumLength),
    element('RequireSymbols', policy.requireSymbols),
    element('RequireNumbers', policy.requireNumbers),
    element('RequireUppercaseCharacters', policy.requireUppercase),
    element('RequireLowercaseCharacters', policy.requireLowercase),
    element('AllowUsersToChangePassword', policy.usersMayChange),
    element('ExpirePasswords', policy.maxAgeDays > 0),
    policy.maxAgeDays > 0 ? element('MaxPasswordAge', policy.maxAgeDays) : '',
    policy.reusePrevention > 0 ? element('PasswordReusePrevention', policy.reusePrevention) : '',
    element('HardExpiry', policy.hardExpiry),
  )
}

/** What is not given is as it is without a word, not as it was. */
export const updateAccountPasswordPolicy: QueryAction = async (call) => {
  const policy = readPolicy(call)
  await requireAction(call, 'iam:UpdateAccountPasswordPolicy', anyResource)
  const { identities } = call.services.metadata
  await changeAccount(identities, call.identity.tenantId, async (account) => {
    putAccount(account, { ...(await readAccount(account)), passwordPolicy: policy })
  })
  return undefined
}

export const deleteAccountPasswordPolicy: QueryAction = async (call) => {
  await requireAction(call, 'iam:DeleteAccountPasswordPolicy', anyResource)
  const { tenantId } = call.identity
  await changeAccount(call.services.metadata.identities, tenantId, async (account) => {
    const { passwordPolicy, ...others } = await readAccount(account)
    if (passwordPolicy === undefined) throw noPolicy(tenantId)
    putAccount(account, others)
  })
  return undefined
}

/** Throws `ValidationError`. */
function readPolicy({ parameters }: QueryCall): PasswordPolicy {
  return {
    minimumLength: parameters.integer('MinimumPasswordLength', { from: 6, to: 128 }) ?? 6,
    requireSymbols: parameters.flag('RequireSymbols') ?? false,
    requireNumbers: parameters.flag('RequireNumbers') ?? false,
    requireUppercase: parameters.flag('RequireUppercaseCharacters') ?? false,
    requireLowercase: parameters.flag('RequireLowercaseCharacters') ?? false,
    usersMayChange: parameters.flag('AllowUsersToChangePassword') ?? false,
    hardExpiry: parameters.flag('HardExpiry') ?? false,
    maxAgeDays: parameters.integer('MaxPasswordAge', { from: 1, to: 1095 }) ?? 0,
    reusePrevention: parameters.integer('PasswordReusePrevention', { from: 1, to: 24 }) ?? 0,
  }
}

function noPolicy(tenantId: TenantId): QueryError {
  return new QueryError(
    'NoSuchEntity',
    `The Password Policy with domain name ${accountId(tenantId)} cannot be found.`,
  )
}
