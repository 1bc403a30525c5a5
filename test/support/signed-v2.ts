// Signs with Signature Version 2 by hand: a test says what stands in the signed string, and asks for something
// else.
import { signatureV2 } from '../../protocol/s3/sigv2/verify-signature-v2.ts'
import { serverKey } from './start-server.ts'

export type SignedV2 = {
  readonly method?: string
  /** Path and query, as they are asked for. */
  readonly target: string
  /** The last line of the string: path and signed parameters. */
  readonly resource: string
  /** `name:value\n` of each `x-amz-` header. */
  readonly amzHeaders?: string
}

/** The target with a signature of that string. */
export function signedV2({ method = 'GET', target, resource, amzHeaders = '' }: SignedV2): string {
  const expires = Math.floor(Date.now() / 1000) + 60
  const toSign = `${method}\n\n\n${expires}\n${amzHeaders}${resource}`
  const signature = encodeURIComponent(signatureV2(toSign, serverKey.secretAccessKey))
  const mark = target.includes('?') ? '&' : '?'
  return `${target}${mark}AWSAccessKeyId=${serverKey.accessKeyId}&Expires=${expires}&Signature=${signature}`
}
