import assert from 'node:assert/strict'
import { getBucketVersioning } from '../../../../gateway/s3/operations/get-bucket-versioning.ts'
import { describe } from '../../../support/describe.ts'
import { GatewayHarness } from '../../../support/gateway-harness.ts'
import { textOf, xmlOf } from '../../../support/reply-xml.ts'

describe('GetBucketVersioning', (test) => {
  let harness: GatewayHarness
  test.before(async () => {
    harness = await GatewayHarness.open()
  })
  test.after(() => harness.close())

  test('tells the three states, the first of them by saying nothing', async () => {
    const states = [
      ['off', undefined],
      ['enabled', 'Enabled'],
      ['suspended', 'Suspended'],
    ] as const
    for (const [state, shown] of states) {
      await harness.makeBucket(`bucket-${state}`, state)
      const reply = await harness.run(getBucketVersioning, { bucket: `bucket-${state}` })
      const root = await xmlOf(reply, 'VersioningConfiguration')
      assert.equal(textOf(root, 'Status'), shown)
      assert.equal(root.children.length, shown === undefined ? 0 : 1)
    }
  })

  test('does not find what is not there', async () => {
    const error = await harness.refusal(getBucketVersioning, { bucket: 'nothing' })
    assert.equal(error.code, 'NoSuchBucket')
  })
})
