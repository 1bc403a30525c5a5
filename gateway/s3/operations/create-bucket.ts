// CreateBucket. https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucket.html
// A bucket that the caller has already is made another time with 200 in us-east-1, as AWS documents, for the
// sake of old clients; in all other regions it is refused.

import type { Bucket } from '../../../metadata/records.ts'
import { type Grant, isOwnersAlone, isPublicGrant } from '../../../protocol/s3/acl/acl.ts'
import { parseAclHeaders } from '../../../protocol/s3/acl/acl-headers.ts'
import {
  isObjectOwnership,
  type ObjectOwnership,
} from '../../../protocol/s3/acl/object-ownership.ts'
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
import { ownerId } from '../../access/owner.ts'
import { bucketGrants } from '../acl/bucket-grants.ts'
import type { NewBucketCall, Operation, Services } from '../operation.ts'

export const createBucket: Operation<NewBucketCall> = async (call) => {
  const { services, identity } = call
  const name = parseBucketName(call.bucketName)
  checkHeaders(call.headers)
  const ownership = ownershipOf(call)
  const grants = await grantsOf(call, ownership)
  const configuration = readCreateBucket(await call.body.bytes(xmlBytesMax))
  const { region = services.region } = identity
  checkLocation(configuration.locationConstraint, { region, anyRegion: services.anyRegion })
  const outcome = await services.metadata.buckets.create({
    namespace: namespaceOf(identity),
    name,
    tenantId: identity.tenantId,
    region,
    createdMs: services.now(),
    configs: {
      ...(configuration.tags.length > 0 && { tagging: configuration.tags }),
      ...(services.blockPublicAccess && { publicAccessBlock: allBlocked }),
      ...(ownership !== 'BucketOwnerEnforced' && { ownership }),
      ...(grants !== undefined && { acl: grants }),
    },
  })
  if (outcome.bucket.tenantId !== identity.tenantId) {
    throw new S3Error('BucketAlreadyExists', { BucketName: name })
  }
  if (outcome.is === 'exists' && !isMadeAgain(configuration, region)) {
    throw new S3Error('BucketAlreadyOwnedByYou', { BucketName: name })
  }
  if (outcome.is === 'exists') await resetAcl(call, outcome.bucket, grants)
  return { status: 200, headers: { Location: `/${name}` } }
}

/** What AWS sets of every new bucket. */
const allBlocked: PublicAccessBlock = {
  blockPublicAcls: true,
  ignorePublicAcls: true,
  blockPublicPolicy: true,
  restrictPublicBuckets: true,
}

/** Then its ACL is reset, as AWS has it, and nothing else changes. */
function isMadeAgain({ locationConstraint }: CreateBucketConfiguration, region: string): boolean {
  return region === lenientRegion && (locationConstraint ?? lenientRegion) === lenientRegion
}

const lenientRegion = 'us-east-1'

function ownershipOf({ headers, services }: NewBucketCall): ObjectOwnership {
  const ownership = headerText(headers, 'x-amz-object-ownership')
  if (ownership === undefined) return services.objectOwnership
  if (isObjectOwnership(ownership)) return ownership
  const message = `Invalid x-amz-object-ownership header: ${ownership}`
  throw invalidHeader('x-amz-object-ownership', ownership, message)
}

/**
 * Undefined: to nobody but its owner. Throws what `parseAclHeaders` throws, and the refusals of what a bucket of that
 * ownership, or with public access blocked, cannot have.
 */
async function grantsOf(
  { headers, identity, notes, services }: NewBucketCall,
  ownership: ObjectOwnership,
): Promise<readonly Grant[] | undefined> {
  const request = parseAclHeaders(headers)
  if (request === undefined) return undefined
  const owner = ownerId(identity.tenantId)
  const grants = bucketGrants(request, owner)
  if (isOwnersAlone(grants, owner)) return undefined
  if (ownership === 'BucketOwnerEnforced') {
    throw new S3Error('InvalidBucketAclWithObjectOwnership')
  }
  if (request.is === 'grants') await services.accounts.requireGrantees(grants)
  if (!grants.some(isPublicGrant)) return grants
  if (services.blockPublicAccess) throw new S3Error('InvalidBucketAclWithBlockPublicAccessError')
  const account = await services.accountBlocks.now(identity.tenantId)
  if (account?.blockPublicAcls !== true) return grants
  notes.decisions?.noteRefusal({ is: 'publicAccessBlock' })
  throw new S3Error('AccessDenied')
}

async function resetAcl(
  { services }: NewBucketCall,
  bucket: Bucket,
  grants: readonly Grant[] | undefined,
): Promise<void> {
  const { acls } = await services.permissions.of(bucket)
  if (acls === undefined) return
  const { bucketConfigs } = services.metadata
  if (grants === undefined) await bucketConfigs.delete(bucket, 'acl')
  else if (acls.blocksPublic && grants.some(isPublicGrant)) throw new S3Error('AccessDenied')
  else await bucketConfigs.put(bucket, 'acl', { document: grants })
}

function checkHeaders(headers: RequestHeaders): void {
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
