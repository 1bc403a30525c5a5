import assert from 'node:assert/strict'
import { parseCredentials } from '../../../../protocol/s3/sigv4/parse-credentials.ts'
import { presignUrl, signRequest } from '../../../../protocol/s3/sigv4/sign-request.ts'
import type { RawRequest, VerifiedRequest } from '../../../../protocol/s3/sigv4/signed-request.ts'
import { SigningKeyCache } from '../../../../protocol/s3/sigv4/signing-keys.ts'
import { verifySignature } from '../../../../protocol/s3/sigv4/verify-signature.ts'
import { describe } from '../../../support/describe.ts'
import * as aws from './aws-example.ts'
import { randomBytesFrom } from './seeded-random.ts'

const context = {
  credentials: {
    accessKeyId: aws.accessKeyId,
    secretAccessKey: aws.secretAccessKey,
    region: 'us-east-1',
  },
  signingKeys: new SigningKeyCache({ entriesMax: 10 }),
  nowMs: aws.nowMs,
}

function verify(request: RawRequest): VerifiedRequest {
  const presented = parseCredentials(request)
  if (presented === 'anonymous') throw new assert.AssertionError({ message: 'not signed' })
  return verifySignature(request, presented, aws.verifyOptions())
}

describe('signing', (test) => {
  test('the example of the AWS documentation comes out', () => {
    const { headers } = signRequest(
      {
        method: 'GET',
        target: '/test.txt',
        headers: { host: aws.host, range: 'bytes=0-9' },
        payloadHash: aws.emptySha256,
      },
      context,
    )
    assert.match(
      headers.authorization ?? '',
      /SignedHeaders=host;range;x-amz-content-sha256;x-amz-date, Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41$/,
    )
  })

  test('the presigned URL of the AWS documentation comes out', () => {
    const url = presignUrl(
      {
        method: 'GET',
        origin: `https://${aws.host}`,
        path: '/test.txt',
        expiresSeconds: 86_400,
      },
      context,
    )
    assert.equal(url, `https://${aws.host}${aws.presignedTarget}`)
  })

  test('what is signed verifies, whatever its bytes', () => {
    const seed = Math.floor(Math.random() * 2 ** 31)
    console.log(`seed ${seed}`)
    const random = randomBytesFrom(seed)
    for (let round = 0; round < 300; round += 1) {
      const text = random(1 + (round % 40)).toString('latin1')
      const key = [...text].map((char) => encodeURIComponent(char)).join('')
      const value = text.replaceAll(/[^ -~\x80-\xff]/g, ' ')
      const target = `/bucket/${key}?list-type=2&prefix=${key}&x=%2b+&uploads`
      const { headers } = signRequest(
        {
          method: 'PUT',
          target,
          headers: { host: 'h:9000', 'x-amz-meta-a': value },
          payloadHash: 'UNSIGNED-PAYLOAD',
        },
        context,
      )
      assert.deepEqual(verify(aws.request('PUT', target, headers)).payload, { is: 'unsigned' })
      const url = presignUrl(
        {
          method: 'GET',
          origin: 'http://h:9000',
          path: `/bucket/${key}`,
          query: { versionId: value, a: '' },
          headers: { 'X-Amz-Acl': value },
          expiresSeconds: 60,
        },
        context,
      )
      const presigned = aws.request('GET', url.slice('http://h:9000'.length), {
        Host: 'h:9000',
        'x-amz-acl': value,
      })
      assert.equal(verify(presigned).accessKeyId, aws.accessKeyId)
    }
  })
})
