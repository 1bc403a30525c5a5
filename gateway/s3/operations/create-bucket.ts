// CreateBucket. https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucket.html
// A bucket that the caller has already is made another time with 200 in us-east-1, as AWS documents, for the
// sake of old clients; in all other regions it is refused.

import { refuseAcl } from '../../../protocol/s3/acl-headers.ts'
import { parseBucketName } from '../../../protocol/s3/bucket-name.ts'
import { xmlBytesMax } from '../../../protocol/s3/limits.ts'
import { headerText, type RequestHeaders } from '../../../protocol/s3/request-headers.ts'
import { S3Error } from '../../../protocol/s3/s3-error.ts'
import type { PublicAccessBlock } from '../../../protocol/s3/xml/public-access-block.ts'
import {
  type CreateBucketConfiguration,
  readCreateBucket,
} from '../../../protocol/s3/xml/read-create-bucket.ts'
import { namespaceOf } from '../../access/find-bucket.ts'
import type { NewBucketCall, Operation, Services } from '../operation.ts'

export const createBucket: Operation<NewBucketCall> = async (call) => {
  const { services, identity } = call
  const name = parseBucketName(call.bucketName)
  checkHeaders(call.headers)
  const configuration = readCreateBucket(await call.body.bytes(xmlBytesMax))
  checkLocation(configuration.locationConstraint, services)
  const outcome = await services.metadata.buckets.create({
    namespace: namespaceOf(identity),
    name,
    tenantId: identity.tenantId,
    region: services.region,
    createdMs: services.now(),
    configs: {
      ...(configuration.tags.length > 0 && { tagging: configuration.tags }),
      ...(services.blockPublicAccess && { publicAccessBlock: allBlocked }),
    },
  })
  if (outcome.bucket.tenantId !== identity.tenantId) {
    throw new S3Error('BucketAlreadyExists', { BucketName: name })
  }
  if (outcome.is === 'exists' && !isMadeAgain(configuration, services.region)) {
    throw new S3Error('BucketAlreadyOwnedByYou', { BucketName: name })
  }
  return { status: 200, headers: { Location: `/${name}` } }
}

/** What AWS sets of every new bucket. */
const allBlocked: PublicAccessBlock = {
  blockPublicAcls: true,
  ignorePublicAcls: true,
  blockPublicPolicy: true,
  restrictPublicBuckets: true,
}

/**
 * Then nothing changes: AWS resets the bucket's ACLs, and here all buckets have the one that such a request
 * may ask for. Its tags stay what they are.
 */
function isMadeAgain({ locationConstraint }: CreateBucketConfiguration, region: string): boolean {
  return region === lenientRegion && (locationConstraint ?? lenientRegion) === lenientRegion
}

const lenientRegion = 'us-east-1'

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
  if (namespace === 'account-regional') throw notImplemented('x-amz-bucket-namespace')
  if (namespace !== undefined && namespace !== 'global') {
    throw invalidHeader('x-amz-bucket-namespace', namespace)
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
/** Of those that other servers have made up, such as `auto`. */
const anyRegionShape = /^[A-Za-z0-9-]{1,63}$/

/** The constraint may name this server's region or be left out. */
function checkLocation(
  constraint: string | undefined,
  { region, anyRegion }: Pick<Services, 'region' | 'anyRegion'>,
): void {
  if (constraint === undefined || constraint === region) return
  if (anyRegion && anyRegionShape.test(constraint)) return
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
