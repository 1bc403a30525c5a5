// CreateBucket. https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucket.html
// A bucket that exists already is refused in every region; only us-east-1 of AWS says 200 then, for
// the sake of clients that were written before 2009.
import { refuseAcl } from '../../protocol/s3/acl-headers.ts'
import { parseBucketName } from '../../protocol/s3/bucket-name.ts'
import { xmlBytesMax } from '../../protocol/s3/limits.ts'
import { headerText, type RequestHeaders } from '../../protocol/s3/request-headers.ts'
import { S3Error } from '../../protocol/s3/s3-error.ts'
import { readCreateBucket } from '../../protocol/s3/xml/read-create-bucket.ts'
import type { Operation } from '../operation.ts'

export const createBucket: Operation = async (call) => {
  const { services, identity } = call
  const name = parseBucketName(call.bucketName)
  checkHeaders(call.headers)
  const configuration = readCreateBucket(await call.body.bytes(xmlBytesMax))
  checkLocation(configuration.locationConstraint, services.region)
  const outcome = await services.metadata.buckets.create({
    tenantId: identity.tenantId,
    name,
    region: services.region,
    createdMs: services.now(),
    tags: configuration.tags,
  })
  if (outcome.is === 'exists') throw new S3Error('BucketAlreadyOwnedByYou', { BucketName: name })
  return { status: 200, headers: { Location: `/${name}` } }
}

const ownerships = ['BucketOwnerEnforced', 'BucketOwnerPreferred', 'ObjectWriter']

function checkHeaders(headers: RequestHeaders): void {
  refuseAcl(headers, 'bucket')
  const ownership = headerText(headers, 'x-amz-object-ownership')
  if (ownership !== undefined && !ownerships.includes(ownership)) {
    const message = `Invalid x-amz-object-ownership header: ${ownership}`
    throw invalidHeader('x-amz-object-ownership', ownership, message)
  }
  const lock = headerText(headers, 'x-amz-bucket-object-lock-enabled')?.toLowerCase()
  if (lock === 'true') throw notImplemented('x-amz-bucket-object-lock-enabled')
  if (lock !== undefined && lock !== 'false') {
    throw invalidHeader('x-amz-bucket-object-lock-enabled', lock)
  }
  const namespace = headerText(headers, 'x-amz-bucket-namespace')
  if (namespace !== undefined && namespace !== 'global') {
    throw notImplemented('x-amz-bucket-namespace')
  }
}

function notImplemented(header: string): S3Error {
  return new S3Error('NotImplemented', { Header: header })
}

function invalidHeader(name: string, value: string, message?: string): S3Error {
  const details = { ArgumentName: name, ArgumentValue: value }
  return new S3Error('InvalidArgument', details, message === undefined ? {} : { message })
}

const regionShape = /^([a-z]{2,}(-[a-z]+)+-\d+|EU)$/

/** The constraint may name this server's region or be left out. */
function checkLocation(constraint: string | undefined, region: string): void {
  if (constraint === undefined || constraint === region) return
  if (!regionShape.test(constraint)) {
    throw new S3Error(
      'InvalidLocationConstraint',
      { LocationConstraint: constraint },
      { message: 'The specified location-constraint is not valid' },
    )
  }
  throw new S3Error(
    'IllegalLocationConstraintException',
    {},
    {
      message: `The ${constraint} location constraint is incompatible for the region specific endpoint this request was sent to.`,
    },
  )
}
