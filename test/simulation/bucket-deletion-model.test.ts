// Every order of the steps in which a bucket is deleted that lies on several shards, and the flaws that the
// search is there to rule out.
import assert from 'node:assert/strict'
import { describe } from '../support/describe.ts'
import { type Flaw, searchBucketDeletion } from './bucket-deletion-model.ts'

const flaws: readonly Flaw[] = [
  'a commit looks at the row before it writes, and not after',
  'a commit leaves the mark in its place',
  'a deletion does not look again once it has marked',
  'a removal does not ask whether its own mark is there',
]

describe('the deletion of a bucket on several shards', (test) => {
  test('loses no committed version in any order of deletions, commits and crashes', () => {
    const { states, finding } = searchBucketDeletion()
    assert.equal(finding, undefined, JSON.stringify(finding))
    assert.ok(states > 1_000, `only ${states} states: the model has lost its steps`)
  })

  for (const flaw of flaws) {
    test(`is found to be unsafe when ${flaw}`, () => {
      const { finding } = searchBucketDeletion(flaw)
      assert.ok(finding !== undefined, 'this protocol is broken, and the search did not see it')
    })
  }
})
