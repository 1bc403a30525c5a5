// TagRole, UntagRole and ListRoleTags.
// https://docs.aws.amazon.com/IAM/latest/APIReference/API_TagRole.html
import type { QueryAction } from '../../query/query-action.ts'
import { readTagKeys, readTags, withoutTags, withTags } from '../iam-tags.ts'
import { listTags } from '../list-tags.ts'
import { changeRole, requireRole } from './found-role.ts'

export const tagRole: QueryAction = async (call) => {
  const tags = readTags(call.parameters)
  const asked = { action: 'iam:TagRole', tags: { requestTags: tags } }
  await changeRole(call, asked, async (role) => ({ ...role, tags: withTags(role.tags, tags) }))
  return undefined
}

export const untagRole: QueryAction = async (call) => {
  const tagKeys = readTagKeys(call.parameters)
  await changeRole(call, { action: 'iam:UntagRole', tags: { tagKeys } }, async (role) => ({
    ...role,
    tags: withoutTags(role.tags, tagKeys),
  }))
  return undefined
}

export const listRoleTags: QueryAction = async (call) => {
  const { tags } = await requireRole(call, { action: 'iam:ListRoleTags' })
  return listTags(call.parameters, tags)
}
