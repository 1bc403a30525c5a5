// Every order of the steps of leases on MongoDB keeps what they cover, and nothing else for good; and the search is able
// to find the flaws that it is there to rule out.
import assert from 'node:assert/strict'
import { describe } from '../support/describe.ts'
import { seededBytes } from '../support/seeded-bytes.ts'
import {
  type MongoLeaseScene,
  searchMongoLeaseModel,
  walkMongoLeaseModel,
} from './mongo-lease-model.ts'
import type { MongoLeaseFlaw } from './mongo-lease-state.ts'

const scenes: readonly MongoLeaseScene[] = ['settling', 'narrowing', 'sealing']
const flaws: readonly (readonly [MongoLeaseScene, MongoLeaseFlaw])[] = [
  ['settling', 'a lease is looked for before a version is filed, and not afterwards'],
  ['settling', 'a version asks for nothing as soon as it is filed'],
  ['narrowing', 'a life of a lease that was read as over is taken for the only one'],
  ['narrowing', 'what covers a version is read at several moments'],
  ['narrowing', 'the old scopes of a narrowed lease go before the new ones are there'],
  ['settling', 'what a life has held is not sifted'],
  ['sealing', 'a hand-over ends the lives that it gives away'],
  ['sealing', 'a hand-over forgets how late the look was'],
  ['sealing', 'what is committed before the look is taken for later'],
  ['settling', 'a release does not ask whether somebody was faster'],
  ['settling', 'whenever a lease was taken, it holds what was removed before'],
  ['settling', 'a version is known again by what it says'],
]
const walks = 2_000

describe('leases against deletion on MongoDB', (test) => {
  for (const scene of scenes) {
    test(`no order of steps loses what a lease covers, or holds for ever what none does: ${scene}`, () => {
      const { states, finding } = searchMongoLeaseModel(scene)
      assert.equal(finding, undefined, JSON.stringify(finding))
      assert.ok(states > 20_000, `only ${states} states: the model has lost its steps`)
    })
  }

  for (const [scene, flaw] of flaws) {
    test(`the search finds what goes wrong when ${flaw}`, () => {
      const { finding } = searchMongoLeaseModel(scene, flaw)
      assert.ok(finding !== undefined, 'this protocol is broken, and the search did not see it')
      assert.ok(finding.trace.length > 0)
    })
  }

  const random = seededBytes()
  test(`all of it together is sound whatever way one goes (seed ${random.seed})`, () => {
    for (let walk = 0; walk < walks; walk += 1) {
      const finding = walkMongoLeaseModel(() => random.integer(2 ** 32) / 2 ** 32)
      assert.equal(finding, undefined, JSON.stringify(finding))
    }
  })
})
