// DeleteObject against the real embedded engines, and what reads say of delete markers.
import assert from 'node:assert'
import { deleteObject } from '../../../../gateway/s3/operations/delete-object.ts'
import { getObject } from '../../../../gateway/s3/operations/get-object.ts'
import { headObject } from '../../../../gateway/s3/operations/head-object.ts'
import { putObject } from '../../../../gateway/s3/operations/put-object.ts'
import { formatHttpDate } from '../../../../protocol/s3/http-date.ts'
import { describe } from '../../../support/describe.ts'
import { GatewayHarness, headerOf } from '../../../support/gateway-harness.ts'

const bucket = 'plain'
const versioned = 'versioned'

describe('DeleteObject', (test) => {
  let harness: GatewayHarness
  test.before(async () => {
    harness = await GatewayHarness.open()
    await harness.makeBucket(bucket)
    await harness.makeBucket(versioned, 'enabled')
    await harness.makeBucket('suspended', 'suspended')
  })
  test.after(() => harness.close())

  test('without versions the object goes, and going again is success too', async () => {
    await harness.run(putObject, { bucket, key: 'a', body: 'x' })
    for (let again = 0; again < 2; again += 1) {
      const reply = await harness.run(deleteObject, { bucket, key: 'a' })
      assert.equal(reply.status, 204)
      assert.deepEqual({ ...reply.headers }, {})
    }
    assert.equal((await harness.refusal(getObject, { bucket, key: 'a' })).code, 'NoSuchKey')
  })

  test('with versions a marker is put on top, and readers are told', async () => {
    const put = await harness.run(putObject, { bucket: versioned, key: 'a', body: 'x' })
    const deleted = await harness.run(deleteObject, { bucket: versioned, key: 'a' })
    assert.equal(headerOf(deleted, 'x-amz-delete-marker'), 'true')
    const marker = headerOf(deleted, 'x-amz-version-id') ?? ''

    const current = await harness.refusal(getObject, { bucket: versioned, key: 'a' })
    assert.equal(current.code, 'NoSuchKey')
    assert.equal(current.headers['x-amz-delete-marker'], 'true')
    assert.equal(current.headers['x-amz-version-id'], marker)

    const query = `versionId=${marker}`
    const named = await harness.refusal(headObject, { bucket: versioned, key: 'a', query })
    assert.equal(named.status, 405)
    assert.equal(named.code, 'MethodNotAllowed')
    assert.equal(named.headers['x-amz-delete-marker'], 'true')
    assert.equal(named.headers['Last-Modified'], formatHttpDate(harness.nowMs))
    assert.equal(named.headers.Allow, 'DELETE')

    const removed = await harness.run(deleteObject, { bucket: versioned, key: 'a', query })
    assert.equal(headerOf(removed, 'x-amz-delete-marker'), 'true')
    assert.equal(headerOf(removed, 'x-amz-version-id'), marker)
    const back = await harness.run(getObject, { bucket: versioned, key: 'a' })
    assert.equal(headerOf(back, 'x-amz-version-id'), headerOf(put, 'x-amz-version-id'))
  })

  test('a suspended bucket gets the null marker', async () => {
    await harness.run(putObject, { bucket: 'suspended', key: 'a', body: 'x' })
    const deleted = await harness.run(deleteObject, { bucket: 'suspended', key: 'a' })
    assert.equal(headerOf(deleted, 'x-amz-version-id'), 'null')
    assert.equal(headerOf(deleted, 'x-amz-delete-marker'), 'true')
  })

  test('a version removed for good is named, and is not called a marker', async () => {
    const put = await harness.run(putObject, { bucket: versioned, key: 'b', body: 'x' })
    const id = headerOf(put, 'x-amz-version-id') ?? ''
    const query = `versionId=${id}`
    const deleted = await harness.run(deleteObject, { bucket: versioned, key: 'b', query })
    assert.deepEqual({ ...deleted.headers }, { 'x-amz-version-id': id })
    assert.equal(
      (await harness.run(deleteObject, { bucket: versioned, key: 'b', query })).status,
      204,
    )
  })

  test('a condition that does not hold leaves the object', async () => {
    const put = await harness.run(putObject, { bucket, key: 'c', body: 'xyz' })
    const refuses = async (headers: Record<string, string>) =>
      (await harness.refusal(deleteObject, { bucket, key: 'c', headers })).code
    assert.equal(await refuses({ 'if-match': '"x"' }), 'PreconditionFailed')
    assert.equal(await refuses({ 'x-amz-if-match-size': '4' }), 'PreconditionFailed')
    const later = formatHttpDate(harness.nowMs + 5000)
    assert.equal(
      await refuses({ 'x-amz-if-match-last-modified-time': later }),
      'PreconditionFailed',
    )
    const headers = {
      'if-match': headerOf(put, 'ETag') ?? '',
      'x-amz-if-match-size': '3',
      'x-amz-if-match-last-modified-time': formatHttpDate(harness.nowMs),
    }
    assert.equal((await harness.run(deleteObject, { bucket, key: 'c', headers })).status, 204)
  })

  test('If-Match where there is no object answers 404', async () => {
    for (const etag of ['*', '"x"']) {
      const headers = { 'if-match': etag }
      const refusal = await harness.refusal(deleteObject, { bucket, key: 'missing', headers })
      assert.equal(refusal.code, 'NoSuchKey')
    }
  })

  test('a condition beside a version id is not implemented, as in S3', async () => {
    const request = { bucket, key: 'c', query: 'versionId=null', headers: { 'if-match': '*' } }
    assert.equal((await harness.refusal(deleteObject, request)).code, 'NotImplemented')
  })

  test('a bucket that is not there is said so', async () => {
    const refusal = await harness.refusal(deleteObject, { bucket: 'nowhere', key: 'a' })
    assert.equal(refusal.code, 'NoSuchBucket')
  })
})
