// What the key of an object may be: text of 1 to 1,024 bytes of UTF-8, whatever it holds, on every way in.
// That it is UTF-8 is seen to where bytes become text: in URLs, forms, XML and JSON.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html
import { keyBytesMax } from './limits.ts'
import { S3Error } from './s3-error.ts'

/** `key`, which is not empty. Throws `KeyTooLongError`. */
export function requireKeyLength(key: string): string {
  const bytes = Buffer.byteLength(key)
  if (bytes <= keyBytesMax) return key
  throw new S3Error('KeyTooLongError', { Size: `${bytes}`, MaxSizeAllowed: `${keyBytesMax}` })
}
