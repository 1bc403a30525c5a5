// Moments that LMDB keeps for frozen pages: so many at once, and none longer than the store is open.
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { LmdbMetadataStore } from '../../metadata/lmdb/lmdb-metadata-store.ts'
import type { FrozenMoment } from '../../metadata/metadata-store.ts'
import { makeBucket, put } from '../contracts/metadata-fixture.ts'
import { describe } from '../support/describe.ts'

const momentsMax = 100

describe('moments of an LMDB store', (test) => {
  let path: string
  test.before(async () => {
    path = await mkdtemp(join(tmpdir(), 'holdfast-moments-'))
  })
  test.after(() => rm(path, { recursive: true }))

  test('end with the one not asked for longest when there are too many, and with the store', async () => {
    const store = await LmdbMetadataStore.open({ path, random: randomBytes, role: 'primary' })
    const bucket = await makeBucket(store, 'one')
    await put(store, bucket, 'k')
    const query = { prefix: '', limit: 9 }
    const at = (moment: FrozenMoment) => store.objects.freezePage(bucket, { ...query, moment })
    const moments: FrozenMoment[] = []
    for (let taken = 0; taken < momentsMax; taken += 1) {
      const page = await store.objects.freezePage(bucket, query)
      assert.ok(page.is === 'page')
      moments.push(page.moment)
    }
    const [first, second, third] = moments
    assert.ok(first && second && third)
    assert.equal((await at(first)).is, 'page')
    await store.objects.freezePage(bucket, query)
    assert.equal((await at(first)).is, 'page')
    assert.deepEqual(await at(second), { is: 'snapshotExpired' })
    assert.equal((await at(third)).is, 'page')
    await put(store, bucket, 'l')
    const late = await at(third)
    assert.ok(late.is === 'page' && late.objects.length === 1)
    await store.close()
  })
})
