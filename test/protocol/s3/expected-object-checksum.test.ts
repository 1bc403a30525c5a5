import assert from 'node:assert'
import {
  checkExpectedChecksum,
  parseExpectedChecksum,
} from '../../../protocol/s3/expected-object-checksum.ts'
import { S3Error, type S3ErrorCode } from '../../../protocol/s3/s3-error.ts'
import { describe } from '../../support/describe.ts'

const failing = (code: S3ErrorCode) => (error: unknown) =>
  error instanceof S3Error && error.code === code

const crc32 = 0x01020304
const crc32Text = Buffer.from('01020304', 'hex').toString('base64')
const otherText = Buffer.from('01020305', 'hex').toString('base64')
const sha256Text = Buffer.alloc(32, 7).toString('base64')
const composite = { algorithm: 'SHA256', type: 'COMPOSITE', value: `${sha256Text}-3` } as const
const full = { algorithm: 'CRC32', type: 'FULL_OBJECT', value: crc32Text } as const

describe('the checksum a client expects of a completed object', (test) => {
  test('is optional', () => {
    assert.equal(parseExpectedChecksum({}, 'COMPOSITE'), undefined)
    checkExpectedChecksum(undefined, { checksum: full, crc32 })
  })

  test('of the whole object must come out the same', () => {
    const right = parseExpectedChecksum({ 'x-amz-checksum-crc32': crc32Text }, 'FULL_OBJECT')
    const wrong = parseExpectedChecksum({ 'x-amz-checksum-crc32': otherText }, 'FULL_OBJECT')
    checkExpectedChecksum(right, { checksum: full, crc32 })
    assert.throws(
      () => checkExpectedChecksum(wrong, { checksum: full, crc32 }),
      failing('BadDigest'),
    )
  })

  test('of the parts may come with their number or without', () => {
    for (const value of [sha256Text, `${sha256Text}-3`]) {
      const expected = parseExpectedChecksum({ 'x-amz-checksum-sha256': value }, 'COMPOSITE')
      checkExpectedChecksum(expected, { checksum: composite, crc32 })
    }
    const wrong = parseExpectedChecksum({ 'x-amz-checksum-sha256': `${sha256Text}-4` }, 'COMPOSITE')
    assert.throws(
      () => checkExpectedChecksum(wrong, { checksum: composite, crc32 }),
      failing('BadDigest'),
    )
  })

  test('may be a CRC-32 of any object, and else must be one the object has', () => {
    const checksum = { algorithm: 'CRC64NVME', type: 'FULL_OBJECT', value: 'AAAAAAAAAAA=' } as const
    checkExpectedChecksum({ algorithm: 'CRC32', value: crc32Text }, { checksum, crc32 })
    assert.throws(
      () => checkExpectedChecksum({ algorithm: 'CRC32', value: otherText }, { checksum, crc32 }),
      failing('BadDigest'),
    )
    assert.throws(
      () => checkExpectedChecksum({ algorithm: 'SHA256', value: sha256Text }, { checksum, crc32 }),
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
