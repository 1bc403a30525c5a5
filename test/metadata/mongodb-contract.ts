// The engine on MongoDB keeps the contract of `MetadataStore`, a part in each file of tests; and no verb that requests
// wait for asks every shard.
import assert from 'node:assert/strict'
import type { OpenedStore } from '../contracts/metadata-fixture.ts'
import { metadataStoreParts } from '../contracts/metadata-store.ts'
import { openServices } from '../support/metadata-under-test.ts'
import { borrowMongoStore } from '../support/mongo-stores.ts'
import { onMongo } from '../support/on-mongo.ts'
import { WatchedCommands } from '../support/watched-commands.ts'

/** What happens in the background, when a lease is taken for an archive, or a tenant asks for all his buckets or keys. */
const ofAllShards = new Set([
  ...['uploads.abortStale', 'chunks.abandonListsOf', 'leases.letGoOf', 'leases.expire'],
  ...['leases.holding', 'manifests.stale', 'manifests.seal', 'bundles.expired', 'outbox.claim'],
  ...[
    'outbox.release',
    'outbox.unfinished',
    'outbox.depthEstimate',
    'outbox.buriedEstimate',
    'owners.endOverdue',
  ],
  ...['owners.ended', 'owners.endFormerLives', 'orphans.count', 'orphans.endPass'],
  ...['jobs.claimDue', 'jobs.giveBackOf', 'buckets.list'],
  ...['tenants.listAccessKeys', 'usage.ofTenant', 'usage.fold'],
])

export function mongoContract(part: keyof typeof metadataStoreParts): void {
  onMongo('mongodb', () => {
    for (const contract of metadataStoreParts[part]) contract('mongodb', openWatched)
  })
}

/** The same, by way of two metadata services. */
export function servedMongoContract(part: keyof typeof metadataStoreParts): void {
  const open = async () => {
    const store = await openServices()
    return { store, engines: 2, close: () => store.close() }
  }
  onMongo('mongodb, served', () => {
    for (const contract of metadataStoreParts[part]) contract('mongodb, served', open)
  })
}

async function openWatched(): Promise<OpenedStore> {
  const watched = new WatchedCommands()
  const store = await borrowMongoStore({ onCommand: watched.onCommand })
  return {
    store: watched.watch(store),
    close: async () => {
      await store.close()
      const broadcast = watched.sent
        .filter(({ isTargeted, verb }) => !isTargeted && !ofAllShards.has(verb))
        .map(({ verb, shown }) => `${verb}: ${shown}`)
      assert.deepEqual([...new Set(broadcast)], [], 'commands that every shard would be asked for')
    },
  }
}
