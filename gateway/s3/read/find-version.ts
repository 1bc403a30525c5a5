// Finds the version that a reading operation names, with S3's answers for what is not there: nothing
// at all, no such version, a delete marker.
import type { DeleteMarker, ObjectVersion, VersionId } from '../../../metadata/records.ts'
import { formatHttpDate } from '../../../protocol/s3/http-date.ts'
import { S3Error } from '../../../protocol/s3/s3-error.ts'
import { parseVersionId } from '../../../protocol/s3/version-id.ts'
import { requirePermission } from '../../access/require.ts'
import type { BucketCall, ObjectCall, ReadTarget } from '../operation.ts'

export type FoundVersion = Pick<ReadTarget, 'bucket' | 'keys'> & { readonly version: ObjectVersion }

/** What `?versionId` names. Throws `InvalidArgument`. */
export function requestedVersionId({ query }: ObjectCall): VersionId | undefined {
  if (query.parameters.length === 0) return undefined
  const raw = query.get('versionId')
  return raw === undefined ? undefined : parseVersionId(raw)
}

/** The version the request itself names. Throws as `findVersion`, and `InvalidArgument`. */
export function findRequestedVersion(call: ObjectCall): Promise<FoundVersion> {
  const { bucket, keys, key } = call
  const versionId = requestedVersionId(call)
  return findVersion(call, { bucket, keys, key, ...(versionId === undefined ? {} : { versionId }) })
}

/** Throws `NoSuchKey`, `NoSuchVersion`, and `MethodNotAllowed` for a marker named. */
export async function findVersion(call: BucketCall, target: ReadTarget): Promise<FoundVersion> {
  const { bucket, keys } = target
  const version = await call.services.metadata.objects.get(bucket, target.key, target.versionId)
  if (version?.is === 'object') return { bucket, keys, version }
  // S3 tells that a key is missing only to those who may list the bucket.
  await requirePermission(call, 's3:ListBucket', { is: 'bucket', bucket })
  throw version === undefined ? missing(target) : markerFound(target, version)
}

function missing(named: ReadTarget): S3Error {
  return named.versionId === undefined
    ? new S3Error('NoSuchKey', { Key: named.key })
    : new S3Error('NoSuchVersion', { Key: named.key, VersionId: named.versionId })
}

function markerFound(named: ReadTarget, marker: DeleteMarker): S3Error {
  const headers = { 'x-amz-delete-marker': 'true', 'x-amz-version-id': marker.versionId }
  if (named.versionId === undefined)
    return new S3Error('NoSuchKey', { Key: named.key }, { headers })
  return new S3Error(
    'MethodNotAllowed',
    { Method: 'GET', ResourceType: 'DeleteMarker' },
    {
      headers: { ...headers, Allow: 'DELETE', 'Last-Modified': formatHttpDate(marker.modifiedMs) },
    },
  )
}
