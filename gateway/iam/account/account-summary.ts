// GetAccountSummary: how much there is of everything, and how much there may be.
// https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetAccountSummary.html
import { policySizes } from '../../../protocol/policy/policy-sizes.ts'
import { element, parent } from '../../../protocol/s3/xml/xml-writer.ts'
import type { QueryAction } from '../../query/query-action.ts'
import { rootKeysOf } from '../access-keys/root-keys.ts'
import { countOf, groupsMax, groupsOfUserMax, keysOfUserMax, usersMax } from '../account-quotas.ts'
import type { AccountDraft } from '../change-account.ts'
import { requireAction } from '../require-action.ts'
import { accountOf } from '../users/found-user.ts'

const quotas = {
  UsersQuota: usersMax,
  GroupsQuota: groupsMax,
  RolesQuota: 1_000,
  PoliciesQuota: 1_500,
  PolicyVersionsInUseQuota: 10_000,
  VersionsPerPolicyQuota: 5,
  GroupsPerUserQuota: groupsOfUserMax,
  AccessKeysPerUserQuota: keysOfUserMax,
  AttachedPoliciesPerUserQuota: 10,
  AttachedPoliciesPerGroupQuota: 10,
  AttachedPoliciesPerRoleQuota: 10,
  PolicySizeQuota: policySizes.managed.max,
  UserPolicySizeQuota: policySizes.inlineOfUser.max,
  GroupPolicySizeQuota: policySizes.inlineOfGroup.max,
  RolePolicySizeQuota: policySizes.inlineOfRole.max,
  AssumeRolePolicySizeQuota: policySizes.trust.max,
}

/** Of these there are none here, and none can be made. */
const never = {
  AccountMFAEnabled: 0,
  AccountPasswordPresent: 0,
  AccountSigningCertificatesPresent: 0,
  InstanceProfiles: 0,
  InstanceProfilesQuota: 0,
  MFADevices: 0,
  MFADevicesInUse: 0,
  ServerCertificates: 0,
  ServerCertificatesQuota: 0,
  SigningCertificatesPerUserQuota: 0,
}

export const getAccountSummary: QueryAction = async (call) => {
  await requireAction(call, 'iam:GetAccountSummary', { arn: '*' })
  const account = accountOf(call)
  const { policies, versions } = await countPolicies(account)
  const rootKeys = await rootKeysOf(call.services, call.identity.tenantId)
  const counts: Readonly<Record<string, number>> = {
    Users: await countOf(account, 'user'),
    Groups: await countOf(account, 'group'),
    Roles: await countOf(account, 'role'),
    Providers: await countOf(account, 'oidcProvider'),
    Policies: policies,
    PolicyVersionsInUse: versions,
    AccountAccessKeysPresent: rootKeys.length > 0 ? 1 : 0,
    GlobalEndpointTokenVersion: 1,
    ...quotas,
    ...never,
  }
  const entries = Object.entries(counts).map(([key, value]) =>
    parent('entry', element('key', key), element('value', value)),
  )
  return parent('SummaryMap', ...entries)
}

async function countPolicies(account: AccountDraft) {
  let [policies, versions] = [0, 0]
  for (let after: string | undefined; ; ) {
    const page = after === undefined ? { limit: 1_000 } : { after, limit: 1_000 }
    const { entries, isTruncated } = await account.list('policy', page)
    policies += entries.length
    for (const { document } of entries) versions += document.versions.length
    after = entries.at(-1)?.name
    if (!isTruncated) return { policies, versions }
  }
}
