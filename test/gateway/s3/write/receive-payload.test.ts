// Receiving payloads: what is computed, what is refused, and that a refusal leaves nothing behind.
import assert from 'node:assert'
import { createHash } from 'node:crypto'
import { crc32 } from 'node:zlib'
import type { ObjectCall } from '../../../../gateway/s3/operation.ts'
import {
  type PayloadOptions,
  type ReceivedPayload,
  receivePayload,
} from '../../../../gateway/s3/write/receive-payload.ts'
import { S3Error } from '../../../../protocol/s3/s3-error.ts'
import { describe } from '../../../support/describe.ts'
import { GatewayHarness, type HarnessRequest } from '../../../support/gateway-harness.ts'
import { seededBytes } from '../../../support/seeded-bytes.ts'

const random = seededBytes()
const sizeMax = 1_000_000

describe('receivePayload', (test) => {
  let harness: GatewayHarness
  const receive = async (request: HarnessRequest, options: Partial<PayloadOptions> = {}) => {
    let received: ReceivedPayload | undefined
    const PutObject = async (call: ObjectCall) => {
      received = await receivePayload(call, { sizeMax, ...options })
      return { status: 200 }
    }
    await harness.run({ PutObject }, { bucket: 'received', key: 'k', ...request })
    return received ?? assert.fail('nothing was received')
  }
  const refusal = async (request: HarnessRequest) => {
    try {
      await receive(request)
    } catch (cause) {
      assert(cause instanceof S3Error)
      return cause
    }
    return assert.fail('nothing was refused')
  }
  test.before(async () => {
    harness = await GatewayHarness.open()
    await harness.makeBucket('received')
  })
  test.after(() => harness.close())

  test('size, MD5, CRC-32 and the checksum of the payload are told', async () => {
    const body = random.bytes(100_000)
    const { piece, checksum } = await receive({ body }, { defaultAlgorithm: 'SHA1' })
    assert.equal(piece.size, body.length)
    assert.equal(piece.crc32, crc32(body))
    assert.equal(piece.md5.toString('hex'), createHash('md5').update(body).digest('hex'))
    assert.deepEqual(checksum, {
      algorithm: 'SHA1',
      type: 'FULL_OBJECT',
      value: createHash('sha1').update(body).digest('base64'),
    })
    await piece.discard()
  })

  test('a length that is too long is refused before the body is read', async () => {
    const before = harness.bodiesRead
    const refused = await refusal({ body: Buffer.alloc(sizeMax + 1) })
    assert.equal(refused.code, 'EntityTooLarge')
    assert.deepEqual(refused.details, {
      ProposedSize: String(sizeMax + 1),
      MaxSizeAllowed: String(sizeMax),
    })
    assert.equal(harness.bodiesRead, before)
  })

  test('without a length, a body that turns out too long is refused all the same', async () => {
    const tooLong: HarnessRequest = { body: Buffer.alloc(sizeMax + 1), withoutLength: true }
    await assert.rejects(
      receive(tooLong, { lengthOptional: true }),
      (cause) => cause instanceof S3Error && cause.code === 'EntityTooLarge',
    )
  })

  test('a payload that is refused leaves no chunk in the store', async () => {
    const body = random.bytes(500_000)
    const wrong: readonly HarnessRequest[] = [
      { body, headers: { 'content-md5': 'AAAAAAAAAAAAAAAAAAAAAA==' } },
      { body, headers: { 'x-amz-checksum-sha256': Buffer.alloc(32).toString('base64') } },
      { body, trailers: { 'x-amz-checksum-crc32c': 'AAAAAA==' } },
      { body, signedSha256: '0'.repeat(64) },
    ]
    for (const request of wrong) await refusal(request)
    await harness.releaseAll()
    assert.equal((await harness.node.usage()).chunks, 0)
  })

  test('every checksum of S3 is checked, right and wrong', async () => {
    const body = Buffer.from('123456789')
    const values: Readonly<Record<string, string>> = {
      crc32: 'y/Q5Jg==',
      crc32c: '4waSgw==',
      crc64nvme: 'rosUhgp5mIg=',
      sha1: createHash('sha1').update(body).digest('base64'),
      sha256: createHash('sha256').update(body).digest('base64'),
    }
    for (const [name, value] of Object.entries(values)) {
      const headers = { [`x-amz-checksum-${name}`]: value }
      const { piece, checksum } = await receive({ body, headers })
      assert.equal(checksum.value, value)
      await piece.discard()
      const refused = await refusal({ body: 'other', headers })
      assert.equal(refused.code, 'BadDigest')
      assert.match(refused.message, new RegExp(`^The ${name.toUpperCase()} you specified`))
    }
  })

  test('an announced trailer that does not come is refused', async () => {
    const trailers: Record<string, string> = { 'x-amz-checksum-crc32': '' }
    assert.equal((await refusal({ body: 'x', trailers })).code, 'InvalidRequest')
  })
})
