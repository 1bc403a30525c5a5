// DeletePolicy: of a managed policy that nobody has, and that has its default version alone.
// https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeletePolicy.html
import { QueryError } from '../../../protocol/query/query-error.ts'
import { versionKey } from '../../access/standing.ts'
import type { QueryAction } from '../../query/query-action.ts'
import { attachmentPrefix } from './attachments.ts'
import { changePolicy } from './managed-policy.ts'

export const deletePolicy: QueryAction = async (call) => {
  await changePolicy(call, {
    action: 'iam:DeletePolicy',
    change: async ({ account, arn, key, policy }) => {
      const page = { prefix: attachmentPrefix(arn), limit: 1 }
      if ((await account.list('attachment', page)).entries.length > 0) {
        throw new QueryError('DeleteConflict', 'Cannot delete a policy attached to entities.')
      }
      if (policy.versions.length > 1) {
        throw new QueryError(
          'DeleteConflict',
          "This policy has more than one version. Before you delete a policy, you must delete the policy's versions. The default version is deleted with the policy.",
        )
      }
      account.remove('policy', key)
      account.remove('policyVersion', versionKey(key, policy.defaultVersion))
    },
  })
  return undefined
}
