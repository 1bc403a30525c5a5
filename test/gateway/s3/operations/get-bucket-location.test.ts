import assert from 'node:assert/strict'
import { getBucketLocation } from '../../../../gateway/s3/operations/get-bucket-location.ts'
import { defaultNamespace } from '../../../../metadata/namespaces.ts'
import { describe } from '../../../support/describe.ts'
import { GatewayHarness } from '../../../support/gateway-harness.ts'
import { xmlOf } from '../../../support/reply-xml.ts'

describe('GetBucketLocation', (test) => {
  let harness: GatewayHarness
  test.before(async () => {
    harness = await GatewayHarness.open()
  })
  test.after(() => harness.close())

  const locationOf = async (bucket: string) =>
    (await xmlOf(await harness.run(getBucketLocation, { bucket }), 'LocationConstraint')).text

  test('names the region the bucket was made in, and leaves us-east-1 empty', async () => {
    await harness.makeBucket('photos')
    assert.equal(await locationOf('photos'), '')
    await harness.services.metadata.buckets.create({
      namespace: defaultNamespace,
      tenantId: harness.keys.tenantId,
      name: 'abroad',
      region: 'eu-west-1',
      createdMs: harness.nowMs,
    })
    assert.equal(await locationOf('abroad'), 'eu-west-1')
  })

  test('does not find what is not there', async () => {
    const error = await harness.refusal(getBucketLocation, { bucket: 'nothing' })
    assert.equal(error.code, 'NoSuchBucket')
  })
})
