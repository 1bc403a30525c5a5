// Which function serves which action on issuers of tokens.
import type { QueryActions } from '../../query/query-action.ts'
import {
  addClientId,
  listProviderTags,
  removeClientId,
  tagProvider,
  untagProvider,
  updateThumbprints,
} from './change-provider.ts'
import { createProvider, deleteProvider } from './create-provider.ts'
import { getProvider, listProviders } from './read-providers.ts'

export const providerActions: QueryActions['signed'] = {
  CreateOpenIDConnectProvider: createProvider,
  GetOpenIDConnectProvider: getProvider,
  ListOpenIDConnectProviders: listProviders,
  DeleteOpenIDConnectProvider: deleteProvider,
  AddClientIDToOpenIDConnectProvider: addClientId,
  RemoveClientIDFromOpenIDConnectProvider: removeClientId,
  UpdateOpenIDConnectProviderThumbprint: updateThumbprints,
  TagOpenIDConnectProvider: tagProvider,
  UntagOpenIDConnectProvider: untagProvider,
  ListOpenIDConnectProviderTags: listProviderTags,
}
