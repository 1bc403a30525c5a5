import assert from 'node:assert/strict'
import { deleteBucketCors } from '../../../../gateway/s3/operations/delete-bucket-cors.ts'
import { getBucketCors } from '../../../../gateway/s3/operations/get-bucket-cors.ts'
import { putBucketCors } from '../../../../gateway/s3/operations/put-bucket-cors.ts'
import type { CorsRule } from '../../../../protocol/s3/cors/cors-rule.ts'
import { renderCorsConfiguration } from '../../../../protocol/s3/xml/cors-configuration.ts'
import { describe } from '../../../support/describe.ts'
import { bodyOfReply, GatewayHarness } from '../../../support/gateway-harness.ts'

const rule = (origin: string): CorsRule => ({
  allowedMethods: ['GET', 'PUT'],
  allowedOrigins: [origin],
  allowedHeaders: ['*'],
  exposeHeaders: ['ETag'],
  maxAgeSeconds: 3000,
})
// Its value is looked at by whoever reads the body.
const headers = { 'content-md5': 'of a test' }

describe('PutBucketCors, GetBucketCors, DeleteBucketCors', (test) => {
  let harness: GatewayHarness
  test.before(async () => {
    harness = await GatewayHarness.open()
    await harness.makeBucket('photos')
  })
  test.after(() => harness.close())

  const put = (body: string) => harness.run(putBucketCors, { bucket: 'photos', headers, body })
  const got = async () => {
    const reply = await harness.run(getBucketCors, { bucket: 'photos' })
    return (await bodyOfReply(reply)).toString()
  }

  test('a bucket without rules has no configuration', async () => {
    const error = await harness.refusal(getBucketCors, { bucket: 'photos' })
    assert.deepEqual(
      [error.code, error.status, error.message, error.details],
      [
        ...['NoSuchCORSConfiguration', 404, 'The CORS configuration does not exist'],
        { BucketName: 'photos' },
      ],
    )
  })

  test('rules are given back as they were set, and replaced as a whole', async () => {
    const many = Array.from({ length: 100 }, (_, at) => ({ ...rule(`http://${at}`), id: `${at}` }))
    for (const rules of [[rule('*')], many]) {
      const document = renderCorsConfiguration(rules)
      assert.equal((await put(document)).status, 200)
      assert.equal(await got(), document)
    }
  })

  test('a configuration as long as one may be is kept', async () => {
    const empty = renderCorsConfiguration([rule('')]).length
    const document = renderCorsConfiguration([rule('o'.repeat(64 * 1024 - empty))])
    assert.equal(document.length, 64 * 1024)
    await put(document)
    assert.equal(await got(), document)
  })

  test('rules that break a rule change nothing', async () => {
    await put(renderCorsConfiguration([rule('http://kept')]))
    const refused = [
      [renderCorsConfiguration([rule('**')]), 'InvalidRequest'],
      ['<CORSConfiguration/>', 'MalformedXML'],
      ['', 'MissingRequestBodyError'],
    ] as const
    for (const [body, code] of refused) {
      const error = await harness.refusal(putBucketCors, { bucket: 'photos', headers, body })
      assert.equal(error.code, code)
    }
    assert.match(await got(), /http:\/\/kept/)
  })

  test('rules that no digest vouches for are refused before they are read', async () => {
    const body = renderCorsConfiguration([rule('*')])
    const before = harness.bodiesRead
    const error = await harness.refusal(putBucketCors, { bucket: 'photos', body })
    assert.equal(error.code, 'InvalidRequest')
    assert.match(error.message, /^Missing required header for this request: Content-MD5/)
    assert.equal(harness.bodiesRead, before)
    const trailers = { 'x-amz-checksum-crc32': 'AAAAAA==' }
    const reply = await harness.run(putBucketCors, { bucket: 'photos', body, trailers })
    assert.equal(reply.status, 200)
  })

  test('removed rules are gone, and removing them again is no mistake', async () => {
    await put(renderCorsConfiguration([rule('*')]))
    for (let time = 0; time < 2; time += 1) {
      assert.equal((await harness.run(deleteBucketCors, { bucket: 'photos' })).status, 204)
    }
    const error = await harness.refusal(getBucketCors, { bucket: 'photos' })
    assert.equal(error.code, 'NoSuchCORSConfiguration')
  })

  test('a bucket that is not there has no rules to get, set or remove', async () => {
    const body = renderCorsConfiguration([rule('*')])
    for (const operation of [getBucketCors, putBucketCors, deleteBucketCors]) {
      const error = await harness.refusal(operation, { bucket: 'nothing', headers, body })
      assert.equal(error.code, 'NoSuchBucket')
    }
  })
})

describe('who may see and set the CORS rules of a bucket', (test) => {
  test('is asked for by the actions of AWS, which write Delete as Put', async () => {
    const asked: string[] = []
    const harness = await GatewayHarness.open({
      authorize: ({ action }) => {
        asked.push(action)
        return false
      },
    })
    await harness.makeBucket('photos')
    for (const operation of [getBucketCors, putBucketCors, deleteBucketCors]) {
      const error = await harness.refusal(operation, { bucket: 'photos', headers, body: '' })
      assert.equal(error.code, 'AccessDenied')
    }
    assert.deepEqual(asked, ['s3:GetBucketCORS', 's3:PutBucketCORS', 's3:PutBucketCORS'])
    await harness.close()
  })
})
