// TagUser, UntagUser, ListUserTags. https://docs.aws.amazon.com/IAM/latest/APIReference/API_TagUser.html
import type { QueryAction } from '../../query/query-action.ts'
import { changeAccount } from '../change-account.ts'
import { existingNameRule, nameKey } from '../iam-names.ts'
import { readTagKeys, readTags, withoutTags, withTags } from '../iam-tags.ts'
import { listTags } from '../list-tags.ts'
import { findUser } from './found-user.ts'

export const tagUser: QueryAction = async (call) => {
  const name = call.parameters.text('UserName', existingNameRule)
  const requestTags = readTags(call.parameters)
  const { identities } = call.services.metadata
  await changeAccount(identities, call.identity.tenantId, async (account) => {
    const user = await findUser(call, { name, action: 'iam:TagUser', account, requestTags })
    account.put('user', nameKey(name), { ...user, tags: withTags(user.tags, requestTags) })
  })
  return undefined
}

export const untagUser: QueryAction = async (call) => {
  const name = call.parameters.text('UserName', existingNameRule)
  const tagKeys = readTagKeys(call.parameters)
  const { identities } = call.services.metadata
  await changeAccount(identities, call.identity.tenantId, async (account) => {
    const user = await findUser(call, { name, action: 'iam:UntagUser', account, tagKeys })
    account.put('user', nameKey(name), { ...user, tags: withoutTags(user.tags, tagKeys) })
  })
  return undefined
}

export const listUserTags: QueryAction = async (call) => {
  const name = call.parameters.text('UserName', existingNameRule)
  const { tags } = await findUser(call, { name, action: 'iam:ListUserTags' })
  return listTags(call.parameters, tags)
}
