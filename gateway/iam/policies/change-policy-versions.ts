// CreatePolicyVersion, SetDefaultPolicyVersion and DeletePolicyVersion: a managed policy has up to five versions, of which one
// is in force. https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_managed-versioning.html
import { QueryError } from '../../../protocol/query/query-error.ts'
import { parent } from '../../../protocol/s3/xml/xml-writer.ts'
import { versionKey } from '../../access/standing.ts'
import type { QueryAction } from '../../query/query-action.ts'
import { readPolicyText } from './checked-document.ts'
import { checkManaged } from './create-policy.ts'
import { changePolicy } from './managed-policy.ts'
import { findVersion, readVersionId } from './policy-versions.ts'
import { renderVersion } from './render-policy.ts'

const versionsMax = 5

export const createPolicyVersion: QueryAction = async (call) => {
  const text = readPolicyText(call.parameters, 'PolicyDocument')
  const isDefault = call.parameters.flag('SetAsDefault') === true
  return changePolicy(call, {
    action: 'iam:CreatePolicyVersion',
    change: async ({ account, key, policy }) => {
      const document = checkManaged(text)
      if (policy.versions.length >= versionsMax) throw tooManyVersions()
      const number = policy.newest + 1
      const version = { number, createdMs: call.services.now() }
      const defaultVersion = isDefault ? number : policy.defaultVersion
      account.put('policyVersion', versionKey(key, number), { document })
      account.put('policy', key, {
        ...policy,
        ...{ defaultVersion, newest: number, versions: [...policy.versions, version] },
        updatedMs: version.createdMs,
      })
      return parent('PolicyVersion', renderVersion({ defaultVersion }, version))
    },
  })
}

export const setDefaultPolicyVersion: QueryAction = async (call) => {
  const asked = readVersionId(call.parameters)
  await changePolicy(call, {
    action: 'iam:SetDefaultPolicyVersion',
    change: async ({ account, arn, key, policy }) => {
      const { number } = findVersion(policy, arn, asked)
      if (number === policy.defaultVersion) return
      account.put('policy', key, {
        ...policy,
        ...{ defaultVersion: number, updatedMs: call.services.now() },
      })
    },
  })
  return undefined
}

export const deletePolicyVersion: QueryAction = async (call) => {
  const asked = readVersionId(call.parameters)
  await changePolicy(call, {
    action: 'iam:DeletePolicyVersion',
    change: async ({ account, arn, key, policy }) => {
      const { number } = findVersion(policy, arn, asked)
      if (number === policy.defaultVersion) {
        throw new QueryError('DeleteConflict', 'Cannot delete the default version of a policy.')
      }
      const versions = policy.versions.filter((version) => version.number !== number)
      account.remove('policyVersion', versionKey(key, number))
      account.put('policy', key, { ...policy, versions })
    },
  })
  return undefined
}

function tooManyVersions(): QueryError {
  return new QueryError(
    'LimitExceeded',
    `A managed policy can have up to ${versionsMax} versions. Before you create a new version, you must delete an existing version.`,
  )
}
