// TagPolicy, UntagPolicy and ListPolicyTags.
// https://docs.aws.amazon.com/IAM/latest/APIReference/API_TagPolicy.html
import type { QueryAction } from '../../query/query-action.ts'
import { readTagKeys, readTags, withoutTags, withTags } from '../iam-tags.ts'
import { listTags } from '../list-tags.ts'
import { changePolicy, readPolicyArn, requirePolicy } from './managed-policy.ts'

export const tagPolicy: QueryAction = async (call) => {
  const tags = readTags(call.parameters)
  await changePolicy(call, {
    action: 'iam:TagPolicy',
    asked: { requestTags: tags },
    change: async ({ account, key, policy }) => {
      account.put('policy', key, { ...policy, tags: withTags(policy.tags, tags) })
    },
  })
  return undefined
}

export const untagPolicy: QueryAction = async (call) => {
  const tagKeys = readTagKeys(call.parameters)
  await changePolicy(call, {
    action: 'iam:UntagPolicy',
    asked: { tagKeys },
    change: async ({ account, key, policy }) => {
      account.put('policy', key, { ...policy, tags: withoutTags(policy.tags, tagKeys) })
    },
  })
  return undefined
}

export const listPolicyTags: QueryAction = async (call) => {
  const arn = readPolicyArn(call.parameters)
  const { tags } = await requirePolicy(call, 'iam:ListPolicyTags', { arn })
  return listTags(call.parameters, tags)
}
