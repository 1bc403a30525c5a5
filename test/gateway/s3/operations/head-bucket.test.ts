import assert from 'node:assert/strict'
import { headBucket } from '../../../../gateway/s3/operations/head-bucket.ts'
import { describe } from '../../../support/describe.ts'
import { GatewayHarness, headerOf } from '../../../support/gateway-harness.ts'

describe('HeadBucket', (test) => {
  let harness: GatewayHarness
  test.before(async () => {
    harness = await GatewayHarness.open()
  })
  test.after(() => harness.close())

  test('tells the region of a bucket', async () => {
    await harness.makeBucket('photos')
    const reply = await harness.run(headBucket, { bucket: 'photos' })
    assert.equal(reply.status, 200)
    assert.equal(headerOf(reply, 'x-amz-bucket-region'), 'us-east-1')
    assert.equal(headerOf(reply, 'x-amz-access-point-alias'), 'false')
    assert.equal(reply.body, undefined)
  })

  test('does not find what is not there', async () => {
    const error = await harness.refusal(headBucket, { bucket: 'nothing' })
    assert.deepEqual([error.code, error.status], ['NoSuchBucket', 404])
  })
})
