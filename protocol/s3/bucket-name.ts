// Rules for the names of new buckets. Requests for existing ones need no check: what cannot be
// created is not found. https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
import { S3Error } from './s3-error.ts'

const shape = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/
const ipAddress = /^\d{1,3}(\.\d{1,3}){3}$/
const reservedPrefixes = ['xn--', 'sthree-']
const reservedSuffixes = ['-s3alias', '--ol-s3', '.mrap', '--x-s3', '--table-s3']

/** Returns the name, or throws `InvalidBucketName`. */
export function parseBucketName(name: string): string {
  if (!isBucketName(name)) throw new S3Error('InvalidBucketName', { BucketName: name })
  return name
}

/** Whether there can be such a bucket. */
export function isBucketName(name: string): boolean {
  return (
    shape.test(name) &&
    !name.includes('..') &&
    !ipAddress.test(name) &&
    !reservedPrefixes.some((prefix) => name.startsWith(prefix)) &&
    !reservedSuffixes.some((suffix) => name.endsWith(suffix))
  )
}
