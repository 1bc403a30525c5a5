import assert from 'node:assert/strict'
import { deleteBucket } from '../../../../gateway/s3/operations/delete-bucket.ts'
import { deleteObject } from '../../../../gateway/s3/operations/delete-object.ts'
import { putObject } from '../../../../gateway/s3/operations/put-object.ts'
import { describe } from '../../../support/describe.ts'
import { GatewayHarness } from '../../../support/gateway-harness.ts'

describe('DeleteBucket', (test) => {
  let harness: GatewayHarness
  test.before(async () => {
    harness = await GatewayHarness.open()
  })
  test.after(() => harness.close())

  test('deletes an empty bucket, once', async () => {
    await harness.makeBucket('photos')
    assert.equal((await harness.run(deleteBucket, { bucket: 'photos' })).status, 204)
    const error = await harness.refusal(deleteBucket, { bucket: 'photos' })
    assert.deepEqual([error.code, error.details.BucketName], ['NoSuchBucket', 'photos'])
  })

  test('refuses a bucket with an object in it', async () => {
    await harness.makeBucket('full')
    await harness.run(putObject, { bucket: 'full', key: 'a', body: 'x' })
    const error = await harness.refusal(deleteBucket, { bucket: 'full' })
    assert.deepEqual([error.code, error.status], ['BucketNotEmpty', 409])
    assert.equal(error.message, 'The bucket you tried to delete is not empty')
  })

  test('refuses a bucket in which only a delete marker is left', async () => {
    await harness.makeBucket('marked', 'enabled')
    await harness.run(deleteObject, { bucket: 'marked', key: 'a' })
    const error = await harness.refusal(deleteBucket, { bucket: 'marked' })
    assert.equal(
      error.message,
      'The bucket you tried to delete is not empty. You must delete all versions in the bucket.',
    )
  })
})
