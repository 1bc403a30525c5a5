// Several engines on one MongoDB, whose verbs race; for a moment as part of the tests, or longer by hand:
//   [HOLDFAST_TEST_SEED=7] node dist/test/simulation/mongo-races.test.js --budget-ms 60000
import { parseArgs } from 'node:util'
import { initDatabaseAt } from '../../metadata/mongodb/init-database.ts'
import { MongoMetadataStore } from '../../metadata/mongodb/mongo-metadata-store.ts'
import { beginOwner, processOwner } from '../contracts/metadata-fixture.ts'
import { describe } from '../support/describe.ts'
import { freshMongoUri } from '../support/mongo-stores.ts'
import { onMongo } from '../support/on-mongo.ts'
import { seededBytes } from '../support/seeded-bytes.ts'
import { MongoRaces } from './mongo-races.ts'

const { values } = parseArgs({ options: { 'budget-ms': { type: 'string' } }, strict: false })
const budgetMs = Number(values['budget-ms'] ?? 8000)
const engines = 3
const verbMs = 60_000

onMongo('engines on one MongoDB', () => {
  describe('engines on one MongoDB', (test) => {
    test('verbs that race leave what they have answered, and no version in a bucket that is gone', async () => {
      const random = seededBytes()
      const uri = await freshMongoUri()
      await initDatabaseAt({ uri })
      const opening = { uri, random: random.bytes, verbMs }
      const opened = Array.from({ length: engines }, () => MongoMetadataStore.open(opening))
      const stores = await Promise.all(opened)
      try {
        for (const store of stores.slice(0, 1)) await beginOwner(store, processOwner)
        const races = new MongoRaces({ stores, random })
        const until = performance.now() + budgetMs
        do await races.round()
        while (performance.now() < until)
        console.log(JSON.stringify(races.tally))
      } finally {
        for (const store of stores) await store.close()
      }
    })
  })
})
