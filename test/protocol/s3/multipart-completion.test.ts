import assert from 'node:assert'
import { createHash } from 'node:crypto'
import { crc32, crc32c } from '@node-rs/crc32'
import type { ChecksumAlgorithm } from '../../../protocol/s3/checksums/checksum-algorithm.ts'
import { loadChecksums } from '../../../protocol/s3/checksums/streaming-digest.ts'
import { partBytesMin } from '../../../protocol/s3/limits.ts'
import type { UploadChecksum } from '../../../protocol/s3/multipart-checksum.ts'
import {
  checkPartOrder,
  completeParts,
  type StoredPart,
} from '../../../protocol/s3/multipart-completion.ts'
import { S3Error, type S3ErrorCode } from '../../../protocol/s3/s3-error.ts'
import type { NamedPart } from '../../../protocol/s3/xml/read-complete-multipart-upload.ts'
import { describe } from '../../support/describe.ts'
import { seededBytes } from '../../support/seeded-bytes.ts'

const random = seededBytes()
const checksums = await loadChecksums()
const uploadId = '0'.repeat(32)
const bodies = [random.bytes(partBytesMin), random.bytes(partBytesMin + 17), random.bytes(1000)]
const whole = Buffer.concat(bodies)
const bodyAt = (at: number) => bodies[at] ?? Buffer.alloc(0)

function digest(algorithm: ChecksumAlgorithm, bytes: Buffer): string {
  const running = checksums.createDigest(algorithm)
  running.update(bytes)
  return running.digest().toString('base64')
}

function storedAs(algorithm: ChecksumAlgorithm | undefined, body: Buffer, number: number) {
  const part: StoredPart = {
    number,
    size: body.length,
    etag: createHash('md5').update(body).digest('hex'),
    crc32: crc32(body),
    ...(algorithm === undefined ? {} : { checksum: { algorithm, value: digest(algorithm, body) } }),
  }
  return part
}

function complete(
  stored: readonly StoredPart[],
  options: { checksum?: UploadChecksum; named?: readonly NamedPart[] } = {},
) {
  const { checksum } = options
  return completeParts({
    uploadId,
    checksum,
    named: options.named ?? stored.map((part) => naming(part, checksum)),
    stored: new Map(stored.map((part) => [part.number, part])),
  })
}

function naming(part: StoredPart, checksum?: UploadChecksum): NamedPart {
  const { number, etag } = part
  if (checksum === undefined || part.checksum === undefined) return { number, etag, checksums: {} }
  return { number, etag, checksums: { [part.checksum.algorithm]: part.checksum.value } }
}

const failing = (code: S3ErrorCode) => (error: unknown) =>
  error instanceof S3Error && error.code === code

function partsWith(algorithm: ChecksumAlgorithm | undefined): StoredPart[] {
  return bodies.map((body, at) => storedAs(algorithm, body, at * 3 + 1))
}

describe('the object that parts make', (test) => {
  test('has their size, their CRC-32 together, and the ETag of a multipart upload', () => {
    const object = complete(partsWith('CRC64NVME'))
    assert.equal(object.size, whole.length)
    assert.equal(object.crc32, crc32(whole))
    const md5s = bodies.map((body) => createHash('md5').update(body).digest())
    const expected = createHash('md5').update(Buffer.concat(md5s)).digest('hex')
    assert.equal(object.etag, `${expected}-3`)
  })

  test('may be made of some of the parts only, with gaps between their numbers', () => {
    const [first, , third] = partsWith(undefined)
    assert.ok(first !== undefined && third !== undefined)
    const named = [naming(first), naming(third)]
    const object = complete(partsWith(undefined), { named })
    assert.equal(object.size, first.size + third.size)
    assert.deepEqual(
      object.parts.map((part) => part.number),
      [1, 7],
    )
  })

  for (const algorithm of ['CRC32', 'CRC32C', 'CRC64NVME'] as const) {
    test(`has the ${algorithm} of all its bytes when that is what was asked for`, () => {
      const object = complete(partsWith(algorithm), {
        checksum: { algorithm, type: 'FULL_OBJECT' },
      })
      assert.deepEqual(object.checksum, {
        algorithm,
        type: 'FULL_OBJECT',
        value: digest(algorithm, whole),
      })
    })
  }

  for (const algorithm of ['CRC32', 'CRC32C', 'SHA1', 'SHA256'] as const) {
    test(`has the ${algorithm} of the parts' own when that is what was asked for`, () => {
      const digests = bodies.map((body) => Buffer.from(digest(algorithm, body), 'base64'))
      const object = complete(partsWith(algorithm), { checksum: { algorithm, type: 'COMPOSITE' } })
      assert.equal(object.checksum.value, `${digest(algorithm, Buffer.concat(digests))}-3`)
    })
  }

  test('has the CRC64NVME of all its bytes when nothing was asked for, whatever its parts came with', () => {
    const full = { algorithm: 'CRC64NVME', type: 'FULL_OBJECT', value: digest('CRC64NVME', whole) }
    for (const algorithm of ['CRC32', 'CRC32C', 'SHA1', 'SHA256', 'CRC64NVME'] as const) {
      const stored = partsWith(algorithm).map((part, at) => ({
        ...part,
        ...(algorithm === 'CRC64NVME' ? {} : { crc64nvme: digest('CRC64NVME', bodyAt(at)) }),
      }))
      assert.deepEqual(complete(stored).checksum, full)
    }
    const mixed = bodies.map((body, at) => ({
      ...storedAs(at === 1 ? 'SHA1' : 'CRC64NVME', body, at + 1),
      ...(at === 1 ? { crc64nvme: digest('CRC64NVME', body) } : {}),
    }))
    assert.deepEqual(complete(mixed).checksum, full)
  })

  test('has its CRC-32 when some part was stored before the default was kept', () => {
    const full = { algorithm: 'CRC32', type: 'FULL_OBJECT', value: digest('CRC32', whole) }
    assert.deepEqual(complete(partsWith('CRC32C')).checksum, full)
    assert.deepEqual(complete(partsWith('SHA256')).checksum, full)
    assert.deepEqual(complete(partsWith(undefined)).checksum, full)
    const mixed = bodies.map((body, at) => storedAs(at === 1 ? 'SHA1' : 'CRC64NVME', body, at + 1))
    assert.deepEqual(complete(mixed).checksum, full)
  })

  test('matches a known CRC-32C of its parts', () => {
    const object = complete(partsWith('CRC32C'), {
      checksum: { algorithm: 'CRC32C', type: 'FULL_OBJECT' },
    })
    assert.equal(Buffer.from(object.checksum.value, 'base64').readUInt32BE(), crc32c(whole))
  })
})

describe('parts that make no object', (test) => {
  const stored = partsWith('SHA256')
  const [first, second, third] = stored
  assert.ok(first !== undefined && second !== undefined && third !== undefined)

  test('must be named in rising order', () => {
    checkPartOrder([naming(first), naming(second)], uploadId)
    assert.throws(
      () => checkPartOrder([naming(second), naming(first)], uploadId),
      failing('InvalidPartOrder'),
    )
    assert.throws(
      () => checkPartOrder([naming(first), naming(first)], uploadId),
      failing('InvalidPartOrder'),
    )
  })

  test('must have been uploaded, with the ETag named', () => {
    const absent = { number: 9, etag: first.etag, checksums: {} }
    assert.throws(
      () => complete(stored, { named: [naming(first), absent] }),
      (error) =>
        error instanceof S3Error &&
        error.code === 'InvalidPart' &&
        error.details.PartNumber === '9' &&
        error.details.UploadId === uploadId,
    )
    const changed = { ...naming(first), etag: second.etag }
    assert.throws(() => complete(stored, { named: [changed] }), failing('InvalidPart'))
  })

  test('must each have 5 MiB, but for the last', () => {
    const small = storedAs(undefined, random.bytes(partBytesMin - 1), 2)
    const parts = [{ ...first, number: 1 }, small, { ...third, number: 3 }]
    assert.throws(
      () => complete(parts),
      (error) => {
        assert.ok(error instanceof S3Error && error.code === 'EntityTooSmall')
        assert.deepEqual(error.details, {
          ProposedSize: `${partBytesMin - 1}`,
          MinSizeAllowed: `${partBytesMin}`,
          PartNumber: '2',
          ETag: small.etag,
        })
        return true
      },
    )
    assert.equal(complete([small]).size, partBytesMin - 1)
  })

  test('must not exceed 5 TiB together', () => {
    const huge = { ...first, size: 5 * 2 ** 30 }
    const parts = Array.from({ length: 1025 }, (_, at) => ({ ...huge, number: at + 1 }))
    assert.equal(complete(parts.slice(0, 1024)).size, 5 * 2 ** 40)
    assert.throws(() => complete(parts), failing('EntityTooLarge'))
  })

  test('must be named with their checksums where the object has a composite one', () => {
    const checksum = { algorithm: 'SHA256', type: 'COMPOSITE' } as const
    const named = [naming(first, checksum), naming(second)]
    assert.throws(
      () => complete(stored, { checksum, named }),
      (error) =>
        error instanceof S3Error &&
        error.code === 'InvalidRequest' &&
        error.message ===
          'The upload was created using a sha256 checksum. The complete request must include the checksum for each part. It was missing for part 4 in the request.',
    )
    const wrong = { ...naming(first), checksums: { SHA256: digest('SHA256', whole) } }
    assert.throws(() => complete(stored, { checksum, named: [wrong] }), failing('InvalidPart'))
  })

  test('are held against a CRC-32 named, whatever the upload asked for', () => {
    const right = { ...naming(first), checksums: { CRC32: digest('CRC32', bodies[0] ?? whole) } }
    const wrong = { ...naming(first), checksums: { CRC32: digest('CRC32', whole) } }
    complete(stored, { named: [right] })
    assert.throws(() => complete(stored, { named: [wrong] }), failing('InvalidPart'))
  })
})
