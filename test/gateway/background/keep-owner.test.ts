// The life of a process as an owner: begun, beaten, ended, and begun anew by who was paused for too long.
import assert from 'node:assert/strict'
import { clearOwners } from '../../../gateway/background/clear-owners.ts'
import { LivingOwner } from '../../../gateway/background/keep-owner.ts'
import { MetadataFull } from '../../../metadata/metadata-full.ts'
import type { MetadataStore } from '../../../metadata/metadata-store.ts'
import type { OwnerStore } from '../../../metadata/owner-store.ts'
import { chunk, drain, listId, tenantId } from '../../contracts/metadata-fixture.ts'
import { describe } from '../../support/describe.ts'
import { GatewayHarness } from '../../support/gateway-harness.ts'

async function withHarness(body: (harness: GatewayHarness) => Promise<void>): Promise<void> {
  const harness = await GatewayHarness.open()
  try {
    await body(harness)
  } finally {
    await harness.close()
  }
}

const begin = (owners: OwnerStore, failures: unknown[] = []) => {
  const onFailure = (cause: unknown) => failures.push(cause)
  return LivingOwner.begin({ owners, processId: 'me', onFailure, onEnded: () => {} })
}

const extend = ({ chunks }: MetadataStore, owner: string, name: string) =>
  chunks.extendList({
    ...{ tenantId, listId: listId(name), owner, offset: 0 },
    chunks: [chunk(name, 1)],
  })

const clear = (metadata: MetadataStore) => clearOwners(metadata).run(new AbortController().signal)

describe('the owner that a process is', (test) => {
  test('a clean stop ends him at once, and what he had under way is cleared', () =>
    withHarness(async (harness) => {
      const { metadata } = harness.services
      const owner = await begin(metadata.owners)
      assert.deepEqual(await extend(metadata, owner.id, 'a'), { is: 'extended' })
      await clear(metadata)
      assert.deepEqual(await drain(metadata), [])
      await owner.end()
      await clear(metadata)
      assert.equal((await drain(metadata)).length, 1)
      assert.deepEqual(await metadata.owners.ended({ limit: 9 }), [])
    }))

  test('who was paused for too long begins anew, under another id', () =>
    withHarness(async (harness) => {
      const { metadata } = harness.services
      const owner = await begin(metadata.owners)
      const before = owner.id
      await extend(metadata, before, 'a')
      await metadata.owners.end(before)
      await clear(metadata)
      await owner.beat()
      assert.notEqual(owner.id, before)
      assert.deepEqual(await extend(metadata, before, 'b'), { is: 'lost' })
      assert.deepEqual(await extend(metadata, owner.id, 'b'), { is: 'extended' })
      await clear(metadata)
      assert.equal((await drain(metadata)).length, 1)
      await owner.end()
    }))

  test('a disk that is full at first ends nobody: he is begun once there is room', () =>
    withHarness(async (harness) => {
      const { metadata } = harness.services
      let isFull = true
      const failures: unknown[] = []
      const { owners } = metadata
      const full = {
        ...owners,
        begin: (...life: Parameters<typeof owners.begin>) =>
          isFull ? Promise.reject(new MetadataFull()) : owners.begin(...life),
      }
      const owner = await begin(full, failures)
      assert.ok(failures.length > 0 && failures.every((cause) => cause instanceof MetadataFull))
      assert.deepEqual(await extend(metadata, owner.id, 'a'), { is: 'lost' })
      isFull = false
      await owner.beat()
      assert.deepEqual(await extend(metadata, owner.id, 'a'), { is: 'extended' })
      await owner.end()
    }))

  test('uploads of one that has ended are sent away to try again', () =>
    withHarness(async (harness) => {
      const { metadata } = harness.services
      await harness.makeBucket('files')
      await metadata.owners.end('test')
      const piece = harness.services.ingest.receive(body(), {
        ...{ tenant: harness.keys, digests: new Set<never>(), sizeMax: 2 ** 40 },
      })
      await assert.rejects(piece, { code: 'SlowDown' })
    }))
})

/** More chunks than one commit takes. */
async function* body() {
  for (let i = 0; i < 70; i += 1) yield Buffer.alloc(4 * 1024 * 1024, i)
}
