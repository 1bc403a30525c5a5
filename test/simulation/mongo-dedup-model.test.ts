// The deduplication protocol keeps its invariants where chunks lie on other shards than the versions that name them,
// and the search is able to find the flaws that it is there to rule out.
import assert from 'node:assert/strict'
import { describe } from '../support/describe.ts'
import { seededBytes } from '../support/seeded-bytes.ts'
import { type MongoFlaw, searchMongoDedupModel, walkMongoDedupModel } from './mongo-dedup-model.ts'

const flaws: readonly MongoFlaw[] = [
  'tombstones are documents of their own',
  'delete ignores the generation',
  'uploads of one id share a generation',
  'a claim is not read again in its transaction',
  'references are counted in documents of their own',
  'a grave is removed after its references were given back',
  'condemned generations are forgotten',
  'a commit that is repeated is done again',
]
const walks = 2_000

describe('deduplication against deletion, in transactions of snapshots', (test) => {
  test('no order of commits, removals, releases, condemnations and crashes loses a committed chunk', () => {
    const { states, finding } = searchMongoDedupModel()
    assert.equal(finding, undefined, JSON.stringify(finding))
    assert.ok(states > 50_000, `only ${states} states: the model has lost its steps`)
  })

  for (const flaw of flaws) {
    test(`the search finds what goes wrong when ${flaw}`, () => {
      const { finding } = searchMongoDedupModel(flaw)
      assert.ok(finding !== undefined, 'this protocol is broken, and the search did not see it')
      assert.ok(finding.trace.length > 0)
    })
  }

  test('three gateways whose requests are doubled lose nothing either, by whatever way one goes', () => {
    const { integer } = seededBytes()
    const random = () => integer(2 ** 32) / 2 ** 32
    for (let walk = 0; walk < walks; walk += 1) {
      const finding = walkMongoDedupModel(random)
      assert.equal(finding, undefined, JSON.stringify(finding))
    }
    const skewed = Array.from({ length: walks }, () =>
      walkMongoDedupModel(random, 'tombstones are documents of their own'),
    )
    assert.ok(
      skewed.some((finding) => finding !== undefined),
      'the ways are too short to see it',
    )
  })
})
