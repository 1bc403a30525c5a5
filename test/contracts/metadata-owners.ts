// Contract of `OwnerStore`. What is filed under owners is shown with those nouns: lists in `metadata-chunks.ts`.
import assert from 'node:assert/strict'
import { setTimeout as wait } from 'node:timers/promises'
import { describe } from '../support/describe.ts'
import { beginOwner, type OpenStore, processOwner, withStore } from './metadata-fixture.ts'

const living = { is: 'living' } as const
const ended = { is: 'ended' } as const
const lifeMs = 3_600_000
/** Of an owner that is to be found silent. */
const shortMs = 1

export function ownersContract(name: string, open: OpenStore): void {
  describe(`${name}: owners`, (test) => {
    test('an owner lives from his beginning until he is ended, and never again', () =>
      withStore(open, async ({ owners }) => {
        assert.deepEqual(await owners.beat('a', lifeMs), ended, 'a beat begins nobody')
        assert.deepEqual(await owners.begin('a', lifeMs), living)
        assert.deepEqual(await owners.begin('a', lifeMs), living)
        assert.deepEqual(await owners.beat('a', lifeMs), living)
        assert.deepEqual(await owners.ended({ limit: 9 }), [])
        await owners.end('a')
        await owners.end('a')
        assert.deepEqual(await owners.beat('a', lifeMs), ended)
        assert.deepEqual(await owners.begin('a', lifeMs), ended)
        assert.deepEqual(await owners.ended({ limit: 9 }), ['a'])
        await owners.forget('a')
        await owners.forget('a')
        assert.deepEqual(await owners.ended({ limit: 9 }), [])
        assert.deepEqual(await owners.beat('a', lifeMs), ended)
      }))

    test('who was never begun has ended, and leaves nothing to clear', () =>
      withStore(open, async ({ owners }) => {
        await owners.end('unknown')
        await owners.forget('unknown')
        assert.deepEqual(await owners.ended({ limit: 9 }), [])
      }))

    test('who is silent for longer than announced is ended, who beats is not', () =>
      withStore(open, async ({ owners }) => {
        await owners.begin('silent', shortMs)
        await owners.begin('beating', shortMs)
        await owners.begin('patient', lifeMs)
        await owners.beat('beating', lifeMs)
        await wait(20)
        // Until somebody has ended him he may still beat.
        assert.deepEqual(await owners.beat('silent', shortMs), living)
        await wait(20)
        assert.equal(await owners.endOverdue(), 1)
        assert.equal(await owners.endOverdue(), 0)
        assert.deepEqual(await owners.beat('silent', lifeMs), ended)
        assert.deepEqual(await owners.ended({ limit: 9 }), ['silent'])
        for (const owner of ['beating', 'patient', processOwner]) {
          assert.deepEqual(await owners.beat(owner, lifeMs), living)
        }
      }))

    test('one that lives is not forgotten', () =>
      withStore(open, async ({ owners }) => {
        await owners.forget(processOwner)
        assert.deepEqual(await owners.beat(processOwner, lifeMs), living)
      }))

    test('a new life of a store ends all of the former, once', () =>
      withStore(open, async (store) => {
        const { owners } = store
        await beginOwner(store, 'other')
        assert.equal(await owners.endFormerLives(), 2)
        assert.equal(await owners.endFormerLives(), 0)
        await beginOwner(store, 'new')
        assert.deepEqual(await owners.ended({ limit: 9 }), ['other', processOwner])
      }))

    test('those that have ended come in pages, in order', () =>
      withStore(open, async (store) => {
        const { owners } = store
        for (const owner of ['d', 'b', 'a', 'c', 'e']) await beginOwner(store, owner)
        for (const owner of ['e', 'd', 'b', 'a']) await owners.end(owner)
        const first = await owners.ended({ limit: 3 })
        assert.deepEqual(first, ['a', 'b', 'd'])
        assert.deepEqual(await owners.ended({ after: 'd', limit: 3 }), ['e'])
      }))

    test('leases of an owner go when he has ended, and no others', () =>
      withStore(open, async (store) => {
        const { owners, leases } = store
        await beginOwner(store, 'reader')
        const scopes = [{ is: 'everything' as const }]
        const lease = { purpose: 'read', expiresMs: Number.MAX_SAFE_INTEGER, scopes }
        await leases.take({ ...lease, leaseId: 'his', owner: 'reader' })
        await leases.take({ ...lease, leaseId: 'of another', owner: processOwner })
        await leases.take({ ...lease, leaseId: 'of nobody' })
        await leases.narrow({ leaseId: 'his', expiresMs: 9_000, scopes: [] })
        assert.equal(await leases.letGoOf('reader'), 0, 'he has not ended yet')
        await owners.end('reader')
        assert.equal(await leases.letGoOf('reader'), 1)
        assert.equal(await leases.letGoOf('reader'), 0)
        assert.deepEqual(await leases.renew('his', 9_000), { is: 'gone' })
        assert.deepEqual(await leases.renew('of another', 9_000), { is: 'renewed' })
        assert.deepEqual(await leases.renew('of nobody', 9_000), { is: 'renewed' })
      }))
  })
}
