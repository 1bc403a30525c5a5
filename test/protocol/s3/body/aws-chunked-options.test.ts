import assert from 'node:assert/strict'
import {
  type AwsChunkedHeaders,
  parseAwsChunkedOptions,
} from '../../../../protocol/s3/body/aws-chunked-options.ts'
import { S3Error } from '../../../../protocol/s3/s3-error.ts'
import type { ChunkSigning } from '../../../../protocol/s3/sigv4/signed-request.ts'
import { deriveSigningKey } from '../../../../protocol/s3/sigv4/signing-keys.ts'
import { describe } from '../../../support/describe.ts'
import * as aws from '../sigv4/aws-example.ts'

const signing: ChunkSigning = {
  signingKey: deriveSigningKey(aws.secretAccessKey, { date: '20130524', region: 'us-east-1' }),
  seedSignature: '4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9',
  amzDate: '20130524T000000Z',
  credentialScope: '20130524/us-east-1/s3/aws4_request',
}

describe('what the headers say about an aws-chunked body', (test) => {
  const headers = (length?: string, trailer?: string): AwsChunkedHeaders => ({
    'x-amz-decoded-content-length': length,
    'x-amz-trailer': trailer,
  })

  test('plain payloads are not chunked', () => {
    assert.equal(parseAwsChunkedOptions({ is: 'unsigned' }, headers(), signing), undefined)
    const sha256 = { is: 'sha256', hex: aws.emptySha256 } as const
    assert.equal(parseAwsChunkedOptions(sha256, headers('1', 'x'), signing), undefined)
  })

  test('signatures and trailers follow the payload', () => {
    const unsigned = { is: 'unsignedTrailer' } as const
    assert.deepEqual(
      parseAwsChunkedOptions(unsigned, headers('7', 'X-Amz-Checksum-A, x-amz-checksum-b'), signing),
      {
        decodedLength: 7,
        signing: undefined,
        trailerNames: ['x-amz-checksum-a', 'x-amz-checksum-b'],
      },
    )
    const signed = { is: 'signedChunks', trailer: false } as const
    assert.deepEqual(parseAwsChunkedOptions(signed, headers('0', 'a'), signing), {
      decodedLength: 0,
      signing,
      trailerNames: undefined,
    })
  })

  test('lengths and names that cannot be are refused', () => {
    const payload = { is: 'unsignedTrailer' } as const
    for (const [given, code] of [
      [headers(), 'MissingContentLength'],
      [headers(''), 'InvalidArgument'],
      [headers('-1'), 'InvalidArgument'],
      [headers('1.5'), 'InvalidArgument'],
      [headers('5368709121'), 'EntityTooLarge'],
      [headers('1', 'a,a'), 'InvalidRequest'],
      [headers('1', 'a b'), 'InvalidRequest'],
      [headers('1', '1,2,3,4,5,6,7,8,9'), 'InvalidRequest'],
    ] as const) {
      assert.throws(
        () => parseAwsChunkedOptions(payload, given, signing),
        (cause) => cause instanceof S3Error && cause.code === code,
      )
    }
  })
})
