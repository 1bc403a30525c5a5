// AddClientIDToOpenIDConnectProvider, RemoveClientIDFromOpenIDConnectProvider and UpdateOpenIDConnectProviderThumbprint, none
// of which minds when it is done twice; TagOpenIDConnectProvider, UntagOpenIDConnectProvider, ListOpenIDConnectProviderTags.
// https://docs.aws.amazon.com/IAM/latest/APIReference/API_AddClientIDToOpenIDConnectProvider.html
import type { TextRule } from '../../../protocol/query/query-parameters.ts'
import type { QueryAction } from '../../query/query-action.ts'
import { readTagKeys, readTags, withoutTags, withTags } from '../iam-tags.ts'
import { listTags } from '../list-tags.ts'
import {
  changeProvider,
  checkClientIds,
  readThumbprints,
  requireProvider,
} from './found-provider.ts'

const clientIdRule: TextRule = { from: 1, to: 255 }

export const addClientId: QueryAction = async (call) => {
  const clientId = call.parameters.text('ClientID', clientIdRule)
  const action = 'iam:AddClientIDToOpenIDConnectProvider'
  await changeProvider(call, { action }, (provider) => ({
    ...provider,
    clientIds: checkClientIds([...provider.clientIds, clientId]),
  }))
  return undefined
}

export const removeClientId: QueryAction = async (call) => {
  const clientId = call.parameters.text('ClientID', clientIdRule)
  const action = 'iam:RemoveClientIDFromOpenIDConnectProvider'
  await changeProvider(call, { action }, (provider) => ({
    ...provider,
    clientIds: provider.clientIds.filter((each) => each !== clientId),
  }))
  return undefined
}

export const updateThumbprints: QueryAction = async (call) => {
  const thumbprints = readThumbprints(call.parameters)
  const action = 'iam:UpdateOpenIDConnectProviderThumbprint'
  await changeProvider(call, { action }, (provider) => ({ ...provider, thumbprints }))
  return undefined
}

export const tagProvider: QueryAction = async (call) => {
  const requestTags = readTags(call.parameters)
  const asked = { action: 'iam:TagOpenIDConnectProvider', tags: { requestTags } }
  await changeProvider(call, asked, (provider) => ({
    ...provider,
    tags: withTags(provider.tags, requestTags),
  }))
  return undefined
}

export const untagProvider: QueryAction = async (call) => {
  const tagKeys = readTagKeys(call.parameters)
  const asked = { action: 'iam:UntagOpenIDConnectProvider', tags: { tagKeys } }
  await changeProvider(call, asked, (provider) => ({
    ...provider,
    tags: withoutTags(provider.tags, tagKeys),
  }))
  return undefined
}

export const listProviderTags: QueryAction = async (call) => {
  const asked = { action: 'iam:ListOpenIDConnectProviderTags' }
  const { tags } = await requireProvider(call, asked)
  return listTags(call.parameters, tags)
}
