// A server that keeps a node folds up what commits on MongoDB have noted, page after page, without being asked.
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { startBackground } from '../../../gateway/compose/background.ts'
import { logTo } from '../../../gateway/log.ts'
import {
  beginOwner,
  makeBucket,
  processOwner,
  put,
  remove,
} from '../../contracts/metadata-fixture.ts'
import { MemoryBlobStore } from '../../support/memory-blob-store.ts'
import { borrowMongoStore } from '../../support/mongo-stores.ts'
import { describeOnMongo } from '../../support/on-mongo.ts'

describeOnMongo('the sweep of usage', (test) => {
  test('leaves no notes, and what is counted is what was noted', async () => {
    const metadata = await borrowMongoStore()
    const failures: string[] = []
    try {
      await beginOwner(metadata, processOwner)
      const bucket = await makeBucket(metadata, 'one')
      const keys = Array.from({ length: 12 }, (_, at) => `key-${at}`)
      for (const key of keys) await put(metadata, bucket, key, { size: 5 })
      await remove(metadata, bucket, 'key-0')
      const { database } = metadata
      const notes = () => database.objects.countDocuments({ d: { $exists: true } })
      // What was added and taken away again comes to nothing, of which nothing is noted.
      assert.equal(await notes(), keys.length - 1)
      const blobs = new MemoryBlobStore()
      const background = startBackground({
        ...{ metadata, blobs, node: blobs, works: {}, moreJobs: [], random: randomBytes },
        owner: () => processOwner,
        now: Date.now,
        log: logTo((_level, event, { cause }) => failures.push(`${event}: ${String(cause)}`)),
        options: { staleUploadMs: 0, keepOrphansMs: 3_600_000, scrubBytesPerSecond: 1 },
      })
      try {
        while ((await notes()) > 0) await sleep(20)
      } finally {
        await background.stop()
      }
      const [count] = await database.collection('usage').find().toArray()
      const { bytes, versions } = { bytes: 0, versions: 0, ...count }
      assert.deepEqual([bytes, versions], [55, 11])
      assert.equal((await metadata.usage.ofBucket(bucket)).bytes, 55)
    } finally {
      await metadata.close()
    }
    assert.deepEqual(failures, [])
  })
})
