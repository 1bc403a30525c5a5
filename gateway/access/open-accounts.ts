// What one process remembers of accounts and buckets to decide by, put together.
import type { IdentityStore } from '../../metadata/identity-store.ts'
import type { MetadataStore } from '../../metadata/metadata-store.ts'
import { AccountBlocks } from '../acl/account-blocks.ts'
import { AccountRevisions } from './account-revisions.ts'
import type { Authorize } from './authorize.ts'
import { makeAuthorize } from './authorize-by-policies.ts'
import { BucketPermissionCache } from './bucket-permissions.ts'
import { StandingCache } from './standing.ts'

export type Accounts = {
  readonly authorize: Authorize
  readonly standings: StandingCache
  /** What buckets say of who may do what to them. */
  readonly permissions: BucketPermissionCache
  readonly accountBlocks: AccountBlocks
  /** Whoever changes accounts by it is heard of here at once. */
  readonly metadata: Stores
}

type Stores = Pick<
  MetadataStore,
  'identities' | 'tenants' | 'buckets' | 'bucketConfigs' | 'objects'
>

export function openAccounts(metadata: Stores): Accounts {
  const revisions = new AccountRevisions(metadata.identities)
  const accountBlocks = new AccountBlocks(metadata.identities, revisions)
  const permissions = new BucketPermissionCache(metadata, accountBlocks)
  const standings = new StandingCache(metadata.identities, revisions)
  const authorize = makeAuthorize({ permissions, standings, metadata })
  const { tenants, buckets, bucketConfigs, objects } = metadata
  const identities = heardBy(metadata.identities, revisions)
  return {
    ...{ authorize, standings, permissions, accountBlocks },
    metadata: { identities, tenants, buckets, bucketConfigs, objects },
  }
}

function heardBy(store: IdentityStore, revisions: AccountRevisions): IdentityStore {
  return {
    ...store,
    commit: async (tenantId, change, options) => {
      const committed = await store.commit(tenantId, change, options)
      revisions.learn(tenantId, committed.revision)
      return committed
    },
  }
}
