// The number of a part in `?partNumber=`.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html
import { partNumberMax } from './limits.ts'
import { S3Error } from './s3-error.ts'

/** 1 to 10,000. */
export type PartNumber = number & { readonly __brand: 'PartNumber' }

/** Throws `InvalidArgument` for anything but a whole number from 1 to 10,000. */
export function parsePartNumber(raw: string | undefined): PartNumber {
  const number = raw !== undefined && /^\d{1,9}$/.test(raw) ? Number(raw) : 0
  if (number >= 1 && number <= partNumberMax) return number as PartNumber
  throw new S3Error(
    'InvalidArgument',
    { ArgumentName: 'partNumber', ArgumentValue: raw ?? '' },
    { message: `Part number must be an integer between 1 and ${partNumberMax}, inclusive` },
  )
}
