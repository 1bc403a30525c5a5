// GetAccountSummary: how much there is of everything, and how much there may be.
// https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetAccountSummary.html
import type { IdentityKind } from '../../../metadata/identity-records.ts'
import { policySizes } from '../../../protocol/policy/policy-sizes.ts'
import { element, parent } from '../../../protocol/s3/xml/xml-writer.ts'
import type { QueryAction, QueryCall } from '../../query/query-action.ts'
import { rootKeysOf } from '../access-keys/root-keys.ts'
import { groupsMax, groupsOfUserMax, keysOfUserMax, usersMax } from '../account-quotas.ts'
import { eachEntry } from '../each-entry.ts'
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

/** More than there may be of any. */
const countedMax = 10_000

export const getAccountSummary: QueryAction = async (call) => {
  await requireAction(call, 'iam:GetAccountSummary', { arn: '*' })
  const account = accountOf(call)
  const count = (kind: IdentityKind) => account.count(kind, countedMax)
  const { policies, versions } = await countPolicies(call)
  const rootKeys = await rootKeysOf(call.services, call.identity.tenantId)
  const counts: Readonly<Record<string, number>> = {
    Users: await count('user'),
    Groups: await count('group'),
    Roles: await count('role'),
    Providers: await count('oidcProvider'),
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

async function countPolicies({ services, identity }: QueryCall) {
  const { identities } = services.metadata
  let [policies, versions] = [0, 0]
  for await (const { document } of eachEntry(identities, identity.tenantId, { kind: 'policy' })) {
    policies += 1
    versions += document.versions.length
  }
  return { policies, versions }
}
