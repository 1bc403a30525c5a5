// GetObjectAttributes against the real embedded engines; parts of completed uploads with GET and HEAD.
import assert from 'node:assert'
import { getObject } from '../../../../gateway/s3/operations/get-object.ts'
import { getObjectAttributes } from '../../../../gateway/s3/operations/get-object-attributes.ts'
import { putObject } from '../../../../gateway/s3/operations/put-object.ts'
import { describe } from '../../../support/describe.ts'
import { bodyOfReply, GatewayHarness, headerOf } from '../../../support/gateway-harness.ts'
import { putInParts } from '../../../support/put-in-parts.ts'
import { seededBytes } from '../../../support/seeded-bytes.ts'

const random = seededBytes()
const bucket = 'attributes'

describe('GetObjectAttributes', (test) => {
  let harness: GatewayHarness
  const parts = [random.bytes(5 * 1024 * 1024), random.bytes(5 * 1024 * 1024), random.bytes(77)]
  const ask = async (key: string, names: string, headers: Record<string, string> = {}) =>
    harness.run(getObjectAttributes, {
      bucket,
      key,
      query: 'attributes',
      headers: { 'x-amz-object-attributes': names, ...headers },
    })

  test.before(async () => {
    harness = await GatewayHarness.open()
    await harness.makeBucket(bucket)
    await harness.run(putObject, { bucket, key: 'one', body: '123456789' })
    await putInParts(harness, { bucket, key: 'many' }, parts)
  })
  test.after(() => harness.close())

  test('what is asked for is answered, and nothing else; the ETag has no quotes', async () => {
    const reply = await ask('one', 'ETag, ObjectSize')
    assert.match(
      String(reply.body),
      /<GetObjectAttributesResponse xmlns="[^"]+"><ETag>25f9e794323b453885f5181f1b624d0b<\/ETag><ObjectSize>9<\/ObjectSize><\/GetObjectAttributesResponse>$/,
    )
    assert.equal(headerOf(reply, 'Last-Modified'), 'Sat, 21 Nov 2026 08:00:00 GMT')
    const rest = String((await ask('one', 'Checksum,StorageClass,ObjectParts')).body)
    assert.ok(
      rest.includes(
        '<Checksum><ChecksumCRC64NVME>rosUhgp5mIg=</ChecksumCRC64NVME><ChecksumType>FULL_OBJECT</ChecksumType></Checksum><StorageClass>STANDARD</StorageClass></GetObject',
      ),
    )
  })

  test('no attribute, or one that S3 does not know, is refused', async () => {
    const refuse = (headers: Record<string, string>) =>
      harness.refusal(getObjectAttributes, { bucket, key: 'one', headers })
    assert.equal((await refuse({})).code, 'InvalidRequest')
    const unknown = await refuse({ 'x-amz-object-attributes': 'ETag,Colour' })
    assert.equal(unknown.code, 'InvalidArgument')
    assert.equal(unknown.details.ArgumentValue, 'Colour')
  })

  test('parts come in pages', async () => {
    const first = String((await ask('many', 'ObjectParts', { 'x-amz-max-parts': '2' })).body)
    assert.ok(first.includes('<PartsCount>3</PartsCount>'))
    assert.ok(first.includes('<IsTruncated>true</IsTruncated>'))
    assert.ok(first.includes('<NextPartNumberMarker>2</NextPartNumberMarker>'))
    assert.equal(first.match(/<Part>/g)?.length, 2)
    const rest = String(
      (await ask('many', 'ObjectParts', { 'x-amz-part-number-marker': '2' })).body,
    )
    assert.ok(rest.includes('<IsTruncated>false</IsTruncated>'))
    assert.match(rest, /<Part><PartNumber>3<\/PartNumber><Size>77<\/Size>/)
  })

  test('a part is read by its number', async () => {
    const got = await harness.run(getObject, {
      bucket,
      key: 'many',
      query: 'partNumber=2',
      headers: { 'x-amz-checksum-mode': 'ENABLED' },
    })
    assert.equal(got.status, 206)
    assert.equal(headerOf(got, 'x-amz-mp-parts-count'), '3')
    assert.equal(headerOf(got, 'Content-Range'), 'bytes 5242880-10485759/10485837')
    assert.ok((await bodyOfReply(got)).equals(parts[1] ?? Buffer.alloc(0)))
    const past = { bucket, key: 'many', query: 'partNumber=4' }
    assert.equal((await harness.refusal(getObject, past)).code, 'InvalidPartNumber')
  })

  test('the whole is its parts one after the other, in any range', async () => {
    const whole = Buffer.concat(parts)
    for (let round = 0; round < 10; round += 1) {
      const first = random.integer(whole.length)
      const last = first + random.integer(whole.length - first)
      const headers = { range: `bytes=${first}-${last}` }
      const got = await harness.run(getObject, { bucket, key: 'many', headers })
      assert.ok((await bodyOfReply(got)).equals(whole.subarray(first, last + 1)))
    }
  })
})
