// Operations whose whole request is an XML document do not take an empty payload.
import { S3Error } from '../s3-error.ts'

/** Returns the payload, or throws `MissingRequestBodyError` when it is empty. */
export function requireBody(body: Buffer): Buffer {
  if (body.length === 0) throw new S3Error('MissingRequestBodyError')
  return body
}
