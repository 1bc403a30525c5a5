// PutObjectAcl. https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObjectAcl.html
// What is asked of one version is done to that one: another may take its place between answer and deed. So it is asked
// once the version is known.
import type { ObjectVersion } from '../../../metadata/records.ts'
import { type Grant, isOwnersAlone } from '../../../protocol/s3/acl/acl.ts'
import { grantsOfCanned } from '../../../protocol/s3/acl/canned-acl.ts'
import { S3Error } from '../../../protocol/s3/s3-error.ts'
import { ownerId } from '../../access/owner.ts'
import { requirePermission } from '../../access/require.ts'
import { refuseBlocked } from '../acl/acl-blocked.ts'
import { ofBucketsAlone } from '../acl/acl-of-write.ts'
import { type PutAclRequest, readAclRequest, requireOwnerOf } from '../acl/read-acl-request.ts'
import type { ObjectCall, Operation } from '../operation.ts'
import { findRequestedVersion, requestedVersionId } from '../read/find-version.ts'
import { noSuchBucket } from '../write/require-upload.ts'

/** Times that another version is found in the place of the one before. */
const triesMax = 5

export const putObjectAcl: Operation<ObjectCall> = async (call) => {
  const request = await readAclRequest(call)
  for (let tries = 0; tries < triesMax; tries += 1) {
    const { version } = await findRequestedVersion(call)
    await permitAgain(call)
    if (await isSet(call, version, request)) {
      const { versioning } = call.bucket
      const headers = versioning === 'off' ? {} : { 'x-amz-version-id': version.versionId }
      return { status: 200, headers }
    }
  }
  throw new S3Error('SlowDown')
}

/** False: the version is not there any more. */
async function isSet(
  call: ObjectCall,
  version: ObjectVersion,
  request: PutAclRequest,
): Promise<boolean> {
  const { bucket, key, services } = call
  const { acls } = await services.permissions.of(bucket)
  const bucketOwner = ownerId(bucket.tenantId)
  if (acls === undefined) {
    requireWhatIsSo(request, bucketOwner)
    return true
  }
  const owner = version.acl?.owner ?? bucketOwner
  requireOwnerOf(request, owner)
  const grants = grantsOf(request, { owner, bucketOwner })
  await refuseBlocked(call, acls, grants)
  if (request.is !== 'canned') await services.accounts.requireGrantees(grants)
  const { rowId } = version
  const { is } = await services.metadata.objects.setGrants(bucket, key, { rowId, grants })
  if (is === 'noSuchBucket') throw noSuchBucket(call)
  return is === 'done'
}

/** Throws `AccessControlListNotSupported`: in a bucket without ACLs, all that can be said is what is so anyway. */
function requireWhatIsSo(request: PutAclRequest, bucketOwner: string): void {
  const isSo =
    request.is === 'canned'
      ? request.canned === 'bucket-owner-full-control'
      : isOwnersAlone(request.grants, bucketOwner)
  if (!isSo) throw new S3Error('AccessControlListNotSupported')
  requireOwnerOf(request, bucketOwner)
}

function grantsOf(
  request: PutAclRequest,
  parties: { readonly owner: string; readonly bucketOwner: string },
): readonly Grant[] {
  if (request.is !== 'canned') return request.grants
  if (request.canned === 'log-delivery-write') throw ofBucketsAlone(request.canned)
  return grantsOfCanned(request.canned, parties)
}

async function permitAgain(call: ObjectCall): Promise<void> {
  const { bucket, key } = call
  const versionId = requestedVersionId(call)
  const action = versionId === undefined ? 's3:PutObjectAcl' : 's3:PutObjectVersionAcl'
  await requirePermission(call, action, { is: 'object', bucket, key, versionId })
}
