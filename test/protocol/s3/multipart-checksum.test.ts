import assert from 'node:assert'
import {
  checkCompletionType,
  checkPartChecksum,
  parseUploadChecksum,
} from '../../../protocol/s3/multipart-checksum.ts'
import { S3Error } from '../../../protocol/s3/s3-error.ts'
import { describe } from '../../support/describe.ts'

const refused = (message: string) => (error: unknown) =>
  error instanceof S3Error && error.code === 'InvalidRequest' && error.message === message

const ask = (algorithm?: string, type?: string) =>
  parseUploadChecksum({
    ...(algorithm === undefined ? {} : { 'x-amz-checksum-algorithm': algorithm }),
    ...(type === undefined ? {} : { 'x-amz-checksum-type': type }),
  })

describe('the checksum a multipart upload asks for', (test) => {
  test('may be none', () => {
    assert.equal(ask(), undefined)
  })

  test('has the type that S3 gives its algorithm, unless it names one', () => {
    assert.deepEqual(ask('CRC32'), { algorithm: 'CRC32', type: 'COMPOSITE' })
    assert.deepEqual(ask('crc32c'), { algorithm: 'CRC32C', type: 'COMPOSITE' })
    assert.deepEqual(ask('SHA1'), { algorithm: 'SHA1', type: 'COMPOSITE' })
    assert.deepEqual(ask('SHA256'), { algorithm: 'SHA256', type: 'COMPOSITE' })
    assert.deepEqual(ask('CRC64NVME'), { algorithm: 'CRC64NVME', type: 'FULL_OBJECT' })
    assert.deepEqual(ask('CRC32', 'FULL_OBJECT'), { algorithm: 'CRC32', type: 'FULL_OBJECT' })
    assert.deepEqual(ask('CRC32C', 'FULL_OBJECT'), { algorithm: 'CRC32C', type: 'FULL_OBJECT' })
  })

  test('cannot be of the whole object where the algorithm does not combine, nor the other way round', () => {
    assert.throws(
      () => ask('SHA256', 'FULL_OBJECT'),
      refused('The FULL_OBJECT checksum type cannot be used with the sha256 checksum algorithm.'),
    )
    assert.throws(
      () => ask('CRC64NVME', 'COMPOSITE'),
      refused('The COMPOSITE checksum type cannot be used with the crc64nvme checksum algorithm.'),
    )
  })

  test('needs an algorithm with its type, and known words', () => {
    assert.throws(
      () => ask(undefined, 'COMPOSITE'),
      refused(
        'The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm header.',
      ),
    )
    assert.throws(
      () => ask('CRC32', 'PARTIAL'),
      refused('Value for x-amz-checksum-type header is invalid.'),
    )
    assert.throws(() => ask('MD4'), S3Error)
  })
})

describe('the checksum of a part', (test) => {
  const composite = { algorithm: 'SHA256', type: 'COMPOSITE' } as const
  const full = { algorithm: 'CRC32', type: 'FULL_OBJECT' } as const

  test('may be any, or none, in an upload that asked for none', () => {
    checkPartChecksum(undefined, undefined)
    checkPartChecksum(undefined, 'SHA1')
  })

  test('may be missing only where the object has one of its own', () => {
    checkPartChecksum(full, undefined)
    checkPartChecksum(full, 'CRC32')
    assert.throws(
      () => checkPartChecksum(composite, undefined),
      refused(
        'Checksum Type mismatch occurred, expected checksum Type: sha256, actual checksum Type: null',
      ),
    )
  })

  test('must be of the algorithm of the upload', () => {
    assert.throws(
      () => checkPartChecksum(full, 'CRC32C'),
      refused(
        'Checksum Type mismatch occurred, expected checksum Type: crc32, actual checksum Type: crc32c',
      ),
    )
  })
})

describe('the checksum type of a completion', (test) => {
  const upload = { algorithm: 'CRC32', type: 'FULL_OBJECT' } as const

  test('is optional, and else the one of the upload', () => {
    checkCompletionType({}, upload)
    checkCompletionType({ 'x-amz-checksum-type': 'FULL_OBJECT' }, upload)
    assert.throws(
      () => checkCompletionType({ 'x-amz-checksum-type': 'COMPOSITE' }, upload),
      refused(
        'The upload was created using the FULL_OBJECT checksum mode. The complete request must use the same checksum mode.',
      ),
    )
    assert.throws(
      () => checkCompletionType({ 'x-amz-checksum-type': 'WHOLE' }, upload),
      refused('Value for x-amz-checksum-type header is invalid.'),
    )
  })
})
