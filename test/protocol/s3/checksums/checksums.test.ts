import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import {
  algorithmOfHeader,
  type ChecksumAlgorithm,
  checksumAlgorithms,
  checksumHeader,
  digestBytes,
  parseChecksumAlgorithm,
  parseMultipartChecksumType,
} from '../../../../protocol/s3/checksums/checksum-algorithm.ts'
import {
  parseChecksumValue,
  parseCompositeValue,
  parseContentMd5,
} from '../../../../protocol/s3/checksums/checksum-value.ts'
import {
  combineCrc32,
  combineCrc32c,
  combineCrcs,
} from '../../../../protocol/s3/checksums/crc-combine.ts'
import {
  compositeChecksum,
  fullObjectChecksum,
  multipartEtag,
} from '../../../../protocol/s3/checksums/multipart-digests.ts'
import { loadChecksums } from '../../../../protocol/s3/checksums/streaming-digest.ts'
import { S3Error } from '../../../../protocol/s3/s3-error.ts'
import { describe } from '../../../support/describe.ts'
import { randomBytesFrom, randomIntegersFrom } from '../sigv4/seeded-random.ts'

const checksums = await loadChecksums()
const crcAlgorithms = ['CRC32', 'CRC32C', 'CRC64NVME'] as const

function digestOf(algorithm: 'MD5' | ChecksumAlgorithm, ...pieces: readonly Buffer[]): Buffer {
  const digest = checksums.createDigest(algorithm)
  for (const piece of pieces) digest.update(piece)
  return digest.digest()
}

function refusal(run: () => unknown): S3Error {
  try {
    run()
  } catch (error) {
    if (error instanceof S3Error) return error
    throw error
  }
  throw new assert.AssertionError({ message: 'it was accepted' })
}

describe('digests', (test) => {
  const check = Buffer.from('123456789')

  test('give the check values of their algorithms', () => {
    assert.equal(digestOf('CRC32', check).toString('hex'), 'cbf43926')
    assert.equal(digestOf('CRC32C', check).toString('hex'), 'e3069283')
    assert.equal(digestOf('CRC64NVME', check).toString('hex'), 'ae8b14860a799888')
    assert.equal(
      digestOf('SHA1', check).toString('hex'),
      'f7c3bc1d808e04732adf679965ccc34ca7ae3441',
    )
    assert.equal(digestOf('MD5', check).toString('hex'), '25f9e794323b453885f5181f1b624d0b')
    const sha256 = '15e2b0d3c33891ebb0f1ef609ec419420c20e320ce94c65fbc8c3312448eb225'
    assert.equal(digestOf('SHA256', check).toString('hex'), sha256)
  })

  test('of nothing have the right length', () => {
    for (const algorithm of checksumAlgorithms) {
      assert.equal(digestOf(algorithm).length, digestBytes(algorithm))
    }
    assert.equal(digestOf('CRC64NVME').toString('hex'), '0000000000000000')
    assert.equal(digestOf('CRC32C').toString('hex'), '00000000')
  })

  test('do not depend on how the bytes are cut, nor on each other', () => {
    const seed = Math.floor(Math.random() * 2 ** 31)
    console.log(`seed ${seed}`)
    const bytes = randomBytesFrom(seed)(200_000)
    const pick = randomIntegersFrom(seed)
    const running = ([...checksumAlgorithms, ...checksumAlgorithms, 'MD5'] as const).map(
      (algorithm) => ({ algorithm, digest: checksums.createDigest(algorithm), at: 0 }),
    )
    for (let left = running.length; left > 0; ) {
      const stream = running[pick(running.length)]
      if (stream === undefined || stream.at === bytes.length) continue
      const end = Math.min(bytes.length, stream.at + pick(50_000))
      stream.digest.update(bytes.subarray(stream.at, end))
      stream.at = end
      if (end === bytes.length) left -= 1
    }
    for (const { algorithm, digest } of running) {
      assert.deepEqual(digest.digest(), digestOf(algorithm, bytes), algorithm)
    }
  })
})

describe('combining CRCs', (test) => {
  test('the parts give the CRC of the whole, empty ones too', () => {
    const seed = Math.floor(Math.random() * 2 ** 31)
    console.log(`seed ${seed}`)
    const bytes = randomBytesFrom(seed)(50_000)
    const pick = randomIntegersFrom(seed)
    for (const algorithm of crcAlgorithms) {
      for (let round = 0; round < 20; round += 1) {
        const cuts = [0, pick(50_000), pick(50_000), pick(50_000), 50_000].sort((a, b) => a - b)
        const parts = cuts.map((cut, at) => {
          const part = bytes.subarray(cuts[at - 1] ?? 0, cut)
          return { digest: digestOf(algorithm, part), size: part.length }
        })
        const whole = digestOf(algorithm, bytes).toString('base64')
        assert.equal(fullObjectChecksum(algorithm, parts), whole)
      }
    }
  })

  test('lengths beyond 32 bits count in full', () => {
    // Appending n zero bytes twice is appending 2n of them: ties long lengths to short ones.
    for (const length of [2 ** 31, 2 ** 33 + 5, 5 * 2 ** 40]) {
      const once = combineCrc32(0x12345678, 0, length)
      assert.equal(combineCrc32(once, 0, length), combineCrc32(0x12345678, 0, 2 * length))
      const castagnoli = combineCrc32c(0x9abcdef0, 0, length)
      assert.equal(combineCrc32c(castagnoli, 0, length), combineCrc32c(0x9abcdef0, 0, 2 * length))
      const start = { digest: Buffer.from('fedcba9876543210', 'hex'), size: 0 }
      const zeroes = (size: number) => ({ digest: Buffer.alloc(8), size })
      assert.deepEqual(
        combineCrcs('CRC64NVME', [start, zeroes(length), zeroes(length)]),
        combineCrcs('CRC64NVME', [start, zeroes(2 * length)]),
      )
    }
  })

  test('an empty piece changes nothing', () => {
    assert.equal(combineCrc32(0xcbf43926, 0, 0), 0xcbf43926)
    const digest = Buffer.from('ae8b14860a799888', 'hex')
    const empty = { digest: Buffer.alloc(8), size: 0 }
    assert.deepEqual(combineCrcs('CRC64NVME', [empty, { digest, size: 9 }, empty]), digest)
  })
})

describe('multipart values', (test) => {
  test('a composite checksum digests the digests and counts them', () => {
    const parts = [Buffer.from('a'), Buffer.from('b')].map((part) => digestOf('SHA256', part))
    const expected = createHash('sha256').update(Buffer.concat(parts)).digest('base64')
    assert.equal(compositeChecksum(checksums, 'SHA256', parts), `${expected}-2`)
  })

  test('the ETag digests the MD5s and counts them', () => {
    const hex = createHash('md5').update('a').digest('hex')
    const expected = createHash('md5')
      .update(Buffer.from(hex + hex, 'hex'))
      .digest('hex')
    assert.equal(multipartEtag([hex, hex]), `${expected}-2`)
  })

  test('each algorithm has the types S3 gives it', () => {
    assert.equal(parseMultipartChecksumType('CRC32', undefined), 'COMPOSITE')
    assert.equal(parseMultipartChecksumType('CRC32C', 'FULL_OBJECT'), 'FULL_OBJECT')
    assert.equal(parseMultipartChecksumType('CRC64NVME', undefined), 'FULL_OBJECT')
    assert.equal(parseMultipartChecksumType('SHA1', 'COMPOSITE'), 'COMPOSITE')
    for (const [algorithm, type] of [
      ['CRC64NVME', 'COMPOSITE'],
      ['SHA1', 'FULL_OBJECT'],
      ['SHA256', 'FULL_OBJECT'],
      ['CRC32', 'PARTIAL'],
    ] as const) {
      const error = refusal(() => parseMultipartChecksumType(algorithm, type))
      assert.equal(error.code, 'InvalidRequest')
    }
  })
})

describe('values of checksums', (test) => {
  test('are Base64 of exactly the right length', () => {
    for (const algorithm of checksumAlgorithms) {
      const digest = digestOf(algorithm, Buffer.from('x'))
      const value = digest.toString('base64')
      assert.deepEqual(parseChecksumValue(algorithm, value), digest)
      const bad = [
        '',
        'x',
        value.slice(1),
        `${value}=`,
        `${value} `,
        value.replace(/=*$/, ''),
        value.replace(/^./, '*'),
        `${value}-1`,
        Buffer.concat([digest, Buffer.alloc(1)]).toString('base64'),
      ]
      for (const raw of bad.filter((candidate) => candidate !== value)) {
        const error = refusal(() => parseChecksumValue(algorithm, raw))
        const message = `Value for ${checksumHeader(algorithm)} header is invalid.`
        assert.deepEqual([error.code, error.message], ['InvalidRequest', message])
      }
    }
  })

  test('stray bits in the last Base64 digit are refused', () => {
    assert.equal(refusal(() => parseChecksumValue('CRC32', 'AAAAAB==')).code, 'InvalidRequest')
  })

  test('composite ones carry the number of parts', () => {
    const digest = digestOf('CRC32', Buffer.from('x'))
    const value = digest.toString('base64')
    assert.deepEqual(parseCompositeValue('CRC32', `${value}-12`), { digest, parts: 12 })
    for (const raw of [value, `${value}-`, `${value}-0`, `${value}-1x`, `-1`, `${value}-123456`]) {
      assert.equal(refusal(() => parseCompositeValue('CRC32', raw)).code, 'InvalidRequest')
    }
  })

  test('Content-MD5 is Base64 of 16 bytes', () => {
    const md5 = digestOf('MD5', Buffer.from('x'))
    assert.deepEqual(parseContentMd5(md5.toString('base64')), md5)
    for (const raw of ['', md5.toString('hex'), md5.toString('base64').slice(0, -1)]) {
      assert.equal(refusal(() => parseContentMd5(raw)).code, 'InvalidDigest')
    }
  })

  test('algorithms are known by name and by header', () => {
    assert.equal(parseChecksumAlgorithm('crc64nvme'), 'CRC64NVME')
    assert.equal(algorithmOfHeader('x-amz-checksum-sha256'), 'SHA256')
    assert.equal(algorithmOfHeader('x-amz-checksum-type'), undefined)
    assert.equal(refusal(() => parseChecksumAlgorithm('MD4')).code, 'InvalidRequest')
  })
})
