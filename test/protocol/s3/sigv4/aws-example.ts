// The account, the day and the requests of AWS's own examples for Signature Version 4 and S3.
// https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
import type { RawRequest } from '../../../../protocol/s3/sigv4/signed-request.ts'
import { SigningKeyCache } from '../../../../protocol/s3/sigv4/signing-keys.ts'
import type { VerifyOptions } from '../../../../protocol/s3/sigv4/verify-signature.ts'

export const accessKeyId = 'AKIAIOSFODNN7EXAMPLE'
export const secretAccessKey = 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY'
export const nowMs = Date.UTC(2013, 4, 24)
export const host = 'examplebucket.s3.amazonaws.com'
export const emptySha256 = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'

export function verifyOptions(changes: Partial<VerifyOptions> = {}): VerifyOptions {
  return {
    secretAccessKey,
    signingKeys: new SigningKeyCache({ entriesMax: 10 }),
    region: 'us-east-1',
    nowMs,
    ...changes,
  }
}

export function authorization(signedHeaders: string, signature: string): string {
  return `AWS4-HMAC-SHA256 Credential=${accessKeyId}/20130524/us-east-1/s3/aws4_request,SignedHeaders=${signedHeaders},Signature=${signature}`
}

export function request(
  method: string,
  target: string,
  headers: Readonly<Record<string, string>>,
): RawRequest {
  return { method, target, rawHeaders: Object.entries(headers).flat() }
}

export const getObject = request('GET', '/test.txt', {
  Host: host,
  Authorization: authorization(
    'host;range;x-amz-content-sha256;x-amz-date',
    'f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41',
  ),
  Range: 'bytes=0-9',
  'x-amz-content-sha256': emptySha256,
  'x-amz-date': '20130524T000000Z',
})

export const putObject = request('PUT', '/test$file.text', {
  Host: host,
  Date: 'Fri, 24 May 2013 00:00:00 GMT',
  Authorization: authorization(
    'date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class',
    '98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd',
  ),
  'x-amz-date': '20130524T000000Z',
  'x-amz-storage-class': 'REDUCED_REDUNDANCY',
  'x-amz-content-sha256': '44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072',
})

export const getLifecycle = request('GET', '/?lifecycle', {
  Host: host,
  Authorization: authorization(
    'host;x-amz-content-sha256;x-amz-date',
    'fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543',
  ),
  'x-amz-date': '20130524T000000Z',
  'x-amz-content-sha256': emptySha256,
})

export const listObjects = request('GET', '/?max-keys=2&prefix=J', {
  Host: host,
  Authorization: authorization(
    'host;x-amz-content-sha256;x-amz-date',
    '34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7',
  ),
  'x-amz-date': '20130524T000000Z',
  'x-amz-content-sha256': emptySha256,
})

export const presignedTarget =
  '/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404'

export const presigned = request('GET', presignedTarget, { Host: host })

/** https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html */
export const chunkedUpload = request('PUT', '/examplebucket/chunkObject.txt', {
  Host: 's3.amazonaws.com',
  'x-amz-date': '20130524T000000Z',
  'x-amz-storage-class': 'REDUCED_REDUNDANCY',
  Authorization: authorization(
    'content-encoding;content-length;host;x-amz-content-sha256;x-amz-date;x-amz-decoded-content-length;x-amz-storage-class',
    '4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9',
  ),
  'x-amz-content-sha256': 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD',
  'Content-Encoding': 'aws-chunked',
  'x-amz-decoded-content-length': '66560',
  'Content-Length': '66824',
})

/** https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming-trailers.html */
export const trailerUpload = request('PUT', '/examplebucket/chunkObject.txt', {
  Host: 's3.amazonaws.com',
  'x-amz-date': '20130524T000000Z',
  'x-amz-storage-class': 'REDUCED_REDUNDANCY',
  Authorization: authorization(
    'content-encoding;host;x-amz-content-sha256;x-amz-date;x-amz-decoded-content-length;x-amz-storage-class;x-amz-trailer',
    '106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e',
  ),
  'x-amz-content-sha256': 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER',
  'Content-Encoding': 'aws-chunked',
  'x-amz-decoded-content-length': '66560',
  'x-amz-trailer': 'x-amz-checksum-crc32c',
  'Content-Length': '66824',
})
