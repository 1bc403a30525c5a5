import assert from 'node:assert/strict'
import { deleteBucketTagging } from '../../../../gateway/s3/operations/delete-bucket-tagging.ts'
import { getBucketTagging } from '../../../../gateway/s3/operations/get-bucket-tagging.ts'
import { putBucketTagging } from '../../../../gateway/s3/operations/put-bucket-tagging.ts'
import { renderTagging } from '../../../../protocol/s3/xml/render-tagging.ts'
import { describe } from '../../../support/describe.ts'
import { bodyOfReply, GatewayHarness } from '../../../support/gateway-harness.ts'

describe('PutBucketTagging, GetBucketTagging, DeleteBucketTagging', (test) => {
  let harness: GatewayHarness
  test.before(async () => {
    harness = await GatewayHarness.open()
    await harness.makeBucket('photos')
  })
  test.after(() => harness.close())

  const put = (body: string) => harness.run(putBucketTagging, { bucket: 'photos', body })

  test('a bucket without tags has no tag set', async () => {
    const error = await harness.refusal(getBucketTagging, { bucket: 'photos' })
    assert.deepEqual(
      [error.code, error.status, error.message],
      ['NoSuchTagSet', 404, 'The TagSet does not exist'],
    )
  })

  test('tags are given back as they were set, and replaced as a whole', async () => {
    const many = Array.from({ length: 50 }, (_, at) => ({ key: `k${at}`, value: ` ${at} ` }))
    for (const tags of [[{ key: 'a', value: '' }], many]) {
      assert.equal((await put(renderTagging(tags))).status, 204)
      const reply = await harness.run(getBucketTagging, { bucket: 'photos' })
      assert.equal((await bodyOfReply(reply)).toString(), renderTagging(tags))
    }
  })

  test('tags that break a rule change nothing', async () => {
    await put(renderTagging([{ key: 'kept', value: '1' }]))
    const tooMany = Array.from({ length: 51 }, (_, at) => ({ key: `k${at}`, value: '' }))
    const refused = [
      [renderTagging(tooMany), 'BadRequest'],
      [renderTagging([{ key: 'aws:x', value: '' }]), 'InvalidTag'],
      ['<Tagging/>', 'MalformedXML'],
      ['', 'MissingRequestBodyError'],
    ] as const
    for (const [body, code] of refused) {
      const error = await harness.refusal(putBucketTagging, { bucket: 'photos', body })
      assert.equal(error.code, code)
    }
    const reply = await harness.run(getBucketTagging, { bucket: 'photos' })
    assert.ok((await bodyOfReply(reply)).includes('kept'))
  })

  test('removed tags are gone, and removing them again is no mistake', async () => {
    await put(renderTagging([{ key: 'a', value: '' }]))
    for (let time = 0; time < 2; time += 1) {
      assert.equal((await harness.run(deleteBucketTagging, { bucket: 'photos' })).status, 204)
    }
    assert.equal(
      (await harness.refusal(getBucketTagging, { bucket: 'photos' })).code,
      'NoSuchTagSet',
    )
  })

  test('a bucket that is not there has no tags to get, set or remove', async () => {
    const body = renderTagging([])
    for (const operation of [getBucketTagging, putBucketTagging, deleteBucketTagging]) {
      const error = await harness.refusal(operation, { bucket: 'nothing', body })
      assert.equal(error.code, 'NoSuchBucket')
    }
  })
})
