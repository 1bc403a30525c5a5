import assert from 'node:assert'
import {
  checkExpectedChecksum,
  parseExpectedChecksum,
} from '../../../protocol/s3/expected-object.ts'
import { S3Error, type S3ErrorCode } from '../../../protocol/s3/s3-error.ts'
import { describe } from '../../support/describe.ts'

const failing = (code: S3ErrorCode) => (error: unknown) =>
  error instanceof S3Error && error.code === code

// One part, whose CRC-32 is that of the object.
const parts = [{ number: 1, size: 3, etag: '', crc32: 0x01020304, crc64nvme: 'AAAAAAAAAAE=' }]
const crc32Text = Buffer.from('01020304', 'hex').toString('base64')
const otherText = Buffer.from('01020305', 'hex').toString('base64')
const sha256Text = Buffer.alloc(32, 7).toString('base64')
const composite = { algorithm: 'SHA256', type: 'COMPOSITE', value: `${sha256Text}-3` } as const
const full = { algorithm: 'CRC32', type: 'FULL_OBJECT', value: crc32Text } as const

describe('the checksum a client expects of a completed object', (test) => {
  test('is optional', () => {
    assert.equal(parseExpectedChecksum({}, 'COMPOSITE'), undefined)
    checkExpectedChecksum(undefined, { checksum: full, parts })
  })

  test('of the whole object must come out the same', () => {
    const right = parseExpectedChecksum({ 'x-amz-checksum-crc32': crc32Text }, 'FULL_OBJECT')
    const wrong = parseExpectedChecksum({ 'x-amz-checksum-crc32': otherText }, 'FULL_OBJECT')
    checkExpectedChecksum(right, { checksum: full, parts })
    assert.throws(
      () => checkExpectedChecksum(wrong, { checksum: full, parts }),
      failing('BadDigest'),
    )
  })

  test('of the parts may come with their number or without', () => {
    for (const value of [sha256Text, `${sha256Text}-3`]) {
      const expected = parseExpectedChecksum({ 'x-amz-checksum-sha256': value }, 'COMPOSITE')
      checkExpectedChecksum(expected, { checksum: composite, parts })
    }
    const wrong = parseExpectedChecksum({ 'x-amz-checksum-sha256': `${sha256Text}-4` }, 'COMPOSITE')
    assert.throws(
      () => checkExpectedChecksum(wrong, { checksum: composite, parts }),
      failing('BadDigest'),
    )
  })

  test('may be any that is known of all parts', () => {
    const checksum = { algorithm: 'CRC64NVME', type: 'FULL_OBJECT', value: 'AAAAAAAAAAA=' } as const
    checkExpectedChecksum({ algorithm: 'CRC32', value: crc32Text }, { checksum, parts })
    assert.throws(
      () => checkExpectedChecksum({ algorithm: 'CRC32', value: otherText }, { checksum, parts }),
      failing('BadDigest'),
    )
    const asked = { checksum: full, parts }
    checkExpectedChecksum({ algorithm: 'CRC64NVME', value: 'AAAAAAAAAAE=' }, asked)
    assert.throws(
      () => checkExpectedChecksum({ algorithm: 'CRC64NVME', value: 'AAAAAAAAAAI=' }, asked),
      failing('BadDigest'),
    )
    assert.throws(
      () => checkExpectedChecksum({ algorithm: 'SHA256', value: sha256Text }, { checksum, parts }),
      failing('InvalidRequest'),
    )
  })

  test('must be one, and Base64 of the right length', () => {
    const several = { 'x-amz-checksum-crc32': crc32Text, 'x-amz-checksum-sha256': sha256Text }
    assert.throws(() => parseExpectedChecksum(several, 'FULL_OBJECT'), failing('InvalidRequest'))
    for (const value of ['AA==', 'x', `${crc32Text}-3`]) {
      const headers = { 'x-amz-checksum-crc32': value }
      assert.throws(() => parseExpectedChecksum(headers, 'FULL_OBJECT'), failing('InvalidRequest'))
    }
  })
})
