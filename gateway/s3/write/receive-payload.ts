// Takes the payload of an object or part in and holds it against everything the client said of it:
// length, Content-MD5, the SHA-256 its signature binds, the checksum in header or trailer. What to
// commit it as is the operation's affair.
import type { Checksum, ChecksumAlgorithm } from '../../../metadata/records.ts'
import {
  checksumMismatch,
  type DeclaredChecksum,
  parseDeclaredChecksum,
} from '../../../protocol/s3/checksum-headers.ts'
import { checksumHeader } from '../../../protocol/s3/checksums/checksum-algorithm.ts'
import {
  parseChecksumValue,
  parseContentMd5,
} from '../../../protocol/s3/checksums/checksum-value.ts'
import { S3Error } from '../../../protocol/s3/s3-error.ts'
import type { StagedData } from '../../data/write/staged-data.ts'
import type { ObjectCall } from '../operation.ts'

export type PayloadOptions = {
  /** Plaintext bytes. A longer payload throws `EntityTooLarge`, before it is read when it says so. */
  readonly sizeMax: number
  /** Set where the length need not be told beforehand: the file of a POST form. */
  readonly lengthOptional?: true
  /** The checksum to compute when the client declares none. S3's own choice is CRC64NVME. */
  readonly defaultAlgorithm?: ChecksumAlgorithm
  /** Computed too, for the caller to ask the piece for. */
  readonly besides?: ChecksumAlgorithm
  /** What `parseDeclaredChecksum` said, when the caller has asked already. */
  readonly declared?: DeclaredChecksum
}

export type ReceivedPayload = {
  /** To be committed or discarded by the caller. */
  readonly piece: StagedData
  /** Of the whole payload (`FULL_OBJECT`), in Base64. */
  readonly checksum: Checksum
}

const s3DefaultAlgorithm: ChecksumAlgorithm = 'CRC64NVME'

/**
 * Streams the payload into storage. Whatever it throws, nothing is kept: `MissingContentLength`,
 * `QuotaExceeded`, `EntityTooLarge`, `InvalidDigest`, `InvalidRequest`, `BadDigest`, `XAmzContentSHA256Mismatch`, and what
 * reading the body throws.
 */
export async function receivePayload(
  call: ObjectCall,
  options: PayloadOptions,
): Promise<ReceivedPayload> {
  const expected = parseExpectations(call, options)
  // What there is no room for is not sent in vain; a part is of an object that is not there yet.
  const objects = call.query.has('uploadId') ? 0 : 1
  const room = call.services.quotas.look(call.bucket, { bytes: expected.bytes ?? 0, objects })
  if (room !== undefined) await room
  const piece = await call.services.ingest.receive(call.body.stream(), {
    tenant: call.keys,
    digests: digestsNeeded(expected, options.besides),
    sizeMax: options.sizeMax,
    ...(expected.bytes === undefined ? {} : { sizeHint: expected.bytes }),
  })
  try {
    verify(call, piece, expected)
    const value = piece.digest(expected.algorithm).toString('base64')
    return { piece, checksum: { algorithm: expected.algorithm, type: 'FULL_OBJECT', value } }
  } catch (cause) {
    await piece.discard()
    throw cause
  }
}

type Expectations = {
  readonly bytes: number | undefined
  readonly md5: Buffer | undefined
  /** Hex. */
  readonly sha256: string | undefined
  readonly declared: DeclaredChecksum | undefined
  readonly algorithm: ChecksumAlgorithm
}

function parseExpectations(call: ObjectCall, options: PayloadOptions): Expectations {
  const { body, headers } = call
  const md5 = headers['content-md5']
  const bytes = body.decodedBytes
  if (bytes === undefined && options.lengthOptional === undefined) {
    throw new S3Error('MissingContentLength')
  }
  if (bytes !== undefined && bytes > options.sizeMax) {
    throw new S3Error('EntityTooLarge', {
      ProposedSize: String(bytes),
      MaxSizeAllowed: String(options.sizeMax),
    })
  }
  const declared = options.declared ?? parseDeclaredChecksum(headers, body.announcedTrailers)
  return {
    bytes,
    md5: md5 === undefined ? undefined : parseContentMd5(String(md5)),
    sha256: body.expectedSha256,
    declared,
    algorithm: declared?.algorithm ?? options.defaultAlgorithm ?? s3DefaultAlgorithm,
  }
}

function digestsNeeded(
  expected: Expectations,
  besides: ChecksumAlgorithm | undefined,
): ReadonlySet<Exclude<ChecksumAlgorithm, 'CRC32'>> {
  const digests = new Set<Exclude<ChecksumAlgorithm, 'CRC32'>>()
  for (const algorithm of [expected.algorithm, besides]) {
    // CRC-32 is computed always: zip archives are made of it.
    if (algorithm !== undefined && algorithm !== 'CRC32') digests.add(algorithm)
  }
  if (expected.sha256 !== undefined) digests.add('SHA256')
  return digests
}

function verify(call: ObjectCall, piece: StagedData, expected: Expectations): void {
  if (expected.sha256 !== undefined) verifySha256(piece.digest('SHA256'), expected.sha256)
  if (expected.md5 !== undefined && !expected.md5.equals(piece.md5)) {
    throw new S3Error(
      'BadDigest',
      {
        ExpectedDigest: expected.md5.toString('base64'),
        CalculatedDigest: piece.md5.toString('base64'),
      },
      { message: 'The Content-MD5 you specified did not match what we received.' },
    )
  }
  if (expected.declared === undefined) return
  const value = declaredValue(call, expected.declared)
  if (!value.equals(piece.digest(expected.declared.algorithm))) {
    throw checksumMismatch(expected.declared.algorithm)
  }
}

function verifySha256(computed: Buffer, expectedHex: string): void {
  const computedHex = computed.toString('hex')
  if (computedHex === expectedHex.toLowerCase()) return
  throw new S3Error('XAmzContentSHA256Mismatch', {
    ClientComputedContentSHA256: expectedHex,
    S3ComputedContentSHA256: computedHex,
  })
}

function declaredValue(call: ObjectCall, declared: DeclaredChecksum): Buffer {
  if (declared.in === 'header') return declared.value
  const name = checksumHeader(declared.algorithm)
  const raw = call.body.trailer(name)
  if (raw === undefined) {
    throw new S3Error('InvalidRequest', undefined, {
      message: `The trailing header ${name} was announced and did not come.`,
    })
  }
  return parseChecksumValue(declared.algorithm, raw)
}
