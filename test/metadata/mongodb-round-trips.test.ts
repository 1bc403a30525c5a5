// What verbs cost on MongoDB, in commands that wait for one another or stand beside one another: those that are counted
// are listed in `docs/cluster.md`, which is compared.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { countRoundTrips } from '../support/mongo-round-trips.ts'
import { describeOnMongo } from '../support/on-mongo.ts'

/** The table of the page: verb, commands. */
function documented(): ReadonlyMap<string, number> {
  const page = readFileSync(new URL('../../../docs/cluster.md', import.meta.url), 'utf8')
  const rows = page.matchAll(/^\| `([a-z]+\.[A-Za-z]+)`([^|]*) \| (\d+) \|$/gm)
  return new Map([...rows].map(([, verb, of, count]) => [`${verb}${of}`, Number(count)]))
}

describeOnMongo('round trips to MongoDB', (test) => {
  test('a verb sends as many commands as the page on clusters says', async () => {
    const counted = await countRoundTrips()
    assert.equal(counted.get('objects.get'), 1)
    assert.deepEqual(counted, documented())
  })
})
