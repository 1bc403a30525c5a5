// Every order of the deduplication protocol's steps keeps its invariants, and the search is able to
// find the flaws that it is there to rule out.
import assert from 'node:assert/strict'
import { describe } from '../support/describe.ts'
import { type Flaw, searchDedupModel } from './dedup-model.ts'

const flaws: readonly Flaw[] = [
  'commit does not validate its claim',
  'delete ignores the generation',
  'condemned orphans leave no tombstone',
  'tombstones are purged while uploads run',
  'uploads of one id share a generation',
  'the commit comes before the blob',
]

describe('deduplication against deletion', (test) => {
  test('no order of uploads, deletes, releases, sweeps and crashes loses a committed chunk', () => {
    const { states, finding } = searchDedupModel()
    assert.equal(finding, undefined, JSON.stringify(finding))
    assert.ok(states > 5_000, `only ${states} states: the model has lost its steps`)
  })

  for (const flaw of flaws) {
    test(`the search finds what goes wrong when ${flaw}`, () => {
      const { finding } = searchDedupModel(flaw)
      assert.ok(finding !== undefined, 'this protocol is broken, and the search did not see it')
      assert.ok(finding.trace.length > 0)
    })
  }
})
