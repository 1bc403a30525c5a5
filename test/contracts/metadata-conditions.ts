// Contract of the conditions on commits and deletes.
import assert from 'node:assert/strict'
import type { WriteCondition } from '../../metadata/metadata-store.ts'
import { describe } from '../support/describe.ts'
import {
  chunk,
  chunks,
  etagOf,
  look,
  makeBucket,
  newVersion,
  type OpenStore,
  put,
  remove,
  withStore,
} from './metadata-fixture.ts'

const one = etagOf('one')
const other = etagOf('other')
const nowMs = 1_700_000_000_000

/** What a condition answers of an object with ETag `one`, 3 bytes, and of no object. */
const table: readonly [WriteCondition, there: string, absent: string][] = [
  [{ ifMatch: [one] }, 'done', 'noSuchKey'],
  [{ ifMatch: [other, one] }, 'done', 'noSuchKey'],
  [{ ifMatch: [other] }, 'preconditionFailed', 'noSuchKey'],
  [{ ifMatch: [] }, 'preconditionFailed', 'noSuchKey'],
  [{ ifMatch: '*' }, 'done', 'noSuchKey'],
  [{ ifNoneMatch: '*' }, 'preconditionFailed', 'done'],
  [{ ifNoneMatch: [one] }, 'preconditionFailed', 'done'],
  [{ ifNoneMatch: [other, one] }, 'preconditionFailed', 'done'],
  [{ ifNoneMatch: [other] }, 'done', 'done'],
  [{ ifMatch: [one], ifNoneMatch: [one] }, 'preconditionFailed', 'noSuchKey'],
  [{ ifSize: 3 }, 'done', 'noSuchKey'],
  [{ ifSize: 4 }, 'preconditionFailed', 'noSuchKey'],
  [{ ifModifiedAtMs: nowMs + 999 }, 'done', 'noSuchKey'],
  [{ ifModifiedAtMs: nowMs + 1000 }, 'preconditionFailed', 'noSuchKey'],
  [{ ifMatch: [one], ifSize: 3, ifModifiedAtMs: nowMs }, 'done', 'noSuchKey'],
  [{ ifMatch: [one], ifSize: 4 }, 'preconditionFailed', 'noSuchKey'],
  [{}, 'done', 'done'],
]

export function conditionsContract(name: string, open: OpenStore): void {
  describe(`${name}: conditions`, (test) => {
    const versionings = ['off', 'enabled', 'suspended'] as const
    for (const versioning of versionings) {
      test(`a commit asks the current version (versioning ${versioning})`, () =>
        withStore(open, async (store) => {
          const bucket = await makeBucket(store, 'one', versioning)
          for (const [condition, there, absent] of table) {
            const key = JSON.stringify(condition)
            const fresh = newVersion(bucket, key, { body: 'two', condition, nowMs })
            const answer = await store.objects.commit(fresh)
            assert.equal(answer.is, absent === 'done' ? 'committed' : absent, `absent: ${key}`)
            await put(store, bucket, key, { body: 'one', nowMs })
            const second = await store.objects.commit(fresh)
            assert.equal(second.is, there === 'done' ? 'committed' : there, `there: ${key}`)
            const now = await look(store, bucket, key)
            assert.equal(now, there === 'done' ? etagOf('two') : one, `there: ${key}`)
          }
        }))

      test(`a delete asks the version it would hide or remove (versioning ${versioning})`, () =>
        withStore(open, async (store) => {
          const bucket = await makeBucket(store, 'one', versioning)
          for (const [condition, there, absent] of table) {
            const key = JSON.stringify(condition)
            const deletion = { bucket, key, condition, nowMs }
            const first = await store.objects.delete(deletion)
            assert.equal(first.is, absent === 'done' ? 'deleted' : absent, `absent: ${key}`)
            await put(store, bucket, key, { body: 'one', nowMs })
            const second = await store.objects.delete(deletion)
            assert.equal(second.is, there === 'done' ? 'deleted' : there, `there: ${key}`)
          }
        }))
    }

    test('a key with a delete marker on top counts as having no version', () =>
      withStore(open, async (store) => {
        const bucket = await makeBucket(store, 'one', 'enabled')
        await put(store, bucket, 'k', { body: 'one' })
        await remove(store, bucket, 'k')
        const ask = (condition: WriteCondition) =>
          store.objects.commit(newVersion(bucket, 'k', { condition }))
        assert.deepEqual(await ask({ ifMatch: [one] }), { is: 'noSuchKey' })
        assert.deepEqual(await ask({ ifMatch: '*' }), { is: 'noSuchKey' })
        assert.equal((await ask({ ifNoneMatch: '*' })).is, 'committed')
      }))

    test('deleting a version by its id asks that version', () =>
      withStore(open, async (store) => {
        const bucket = await makeBucket(store, 'one', 'enabled')
        const { versionId } = await put(store, bucket, 'k', { body: 'one' })
        await put(store, bucket, 'k', { body: 'two' })
        const ask = (ifMatch: readonly string[]) =>
          store.objects.delete({ bucket, key: 'k', versionId, condition: { ifMatch }, nowMs })
        assert.equal((await ask([etagOf('two')])).is, 'preconditionFailed')
        assert.equal((await ask([one])).is, 'deleted')
        assert.equal((await ask([one])).is, 'noSuchKey')
      }))

    test('a refused commit takes no reference and does no work', () =>
      withStore(open, async (store) => {
        const bucket = await makeBucket(store, 'one')
        await put(store, bucket, 'k', { body: 'one' })
        const claim = chunk('a', 1)
        const refused = await store.objects.commit(
          newVersion(bucket, 'k', { data: chunks(claim), condition: { ifNoneMatch: '*' } }),
        )
        assert.equal(refused.is, 'preconditionFailed')
        assert.deepEqual(await store.chunks.find(bucket.tenantId, [claim.id]), [undefined])
        assert.equal(await store.outbox.depthEstimate(), 0)
      }))
  })
}
