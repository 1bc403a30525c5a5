// Tests that need a MongoDB: where there is none, they say so and pass, unless HOLDFAST_REQUIRE_CLUSTER is set, as it
// is in CI.
import assert from 'node:assert/strict'
import { describe, type Test } from './describe.ts'
import { hasMongo } from './mongo-server.ts'

/** Declares suites, or the one that says why they are not there. */
export function onMongo(name: string, declare: () => void): void {
  if (hasMongo()) {
    declare()
    return
  }
  console.log('not run: there is no MongoDB (set MONGODB_URI, or see docs/development.md)')
  describe(name, (test) => {
    test('is demanded only where HOLDFAST_REQUIRE_CLUSTER is set', () => {
      assert.ok(!process.env.HOLDFAST_REQUIRE_CLUSTER)
    })
  })
}

/** The same, of one suite. */
export function describeOnMongo(name: string, define: (test: Test) => void): void {
  onMongo(name, () => describe(name, define))
}
