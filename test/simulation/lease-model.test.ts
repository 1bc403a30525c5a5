// Every order of the steps of leases keeps what they cover, and nothing else for good; and the search is
// able to find the flaws that it is there to rule out.
import assert from 'node:assert/strict'
import { describe } from '../support/describe.ts'
import { type LeaseFlaw, searchLeaseModel } from './lease-model.ts'

const flaws: readonly LeaseFlaw[] = [
  'one horizon holds for everybody',
  'the look comes before the lease',
  'what is committed before the look is taken for later',
  'what a lease has held goes with it, whoever else holds it',
  'a hand-over forgets since when',
  'a hand-over forgets how late the look was',
  'what was held before a lease was narrowed stays held',
  'a narrowed lease files where the sifting has been',
]

describe('leases against deletion', (test) => {
  test('no order of looks, commits, deletions, hand-overs and siftings loses what a lease covers', () => {
    const { states, finding } = searchLeaseModel()
    assert.equal(finding, undefined, JSON.stringify(finding))
    assert.ok(states > 5_000, `only ${states} states: the model has lost its steps`)
  })

  for (const flaw of flaws) {
    test(`the search finds what goes wrong when ${flaw}`, () => {
      const { finding } = searchLeaseModel(flaw)
      assert.ok(finding !== undefined, 'this protocol is broken, and the search did not see it')
      assert.ok(finding.trace.length > 0)
    })
  }
})
