// Finds the version that a reading operation names, with S3's answers for what is not there: nothing
// at all, no such version, a delete marker.

import type { Bucket, DeleteMarker, ObjectVersion, VersionId } from '../../../metadata/records.ts'
import { formatHttpDate } from '../../../protocol/s3/http-date.ts'
import { S3Error } from '../../../protocol/s3/s3-error.ts'
import { parseVersionId } from '../../../protocol/s3/version-id.ts'
import { findBucket } from '../../access/find-bucket.ts'
import type { Call } from '../operation.ts'

export type NamedVersion = {
  readonly bucketName: string
  readonly key: string
  /** Absent: the current one. */
  readonly versionId?: VersionId
}

export type FoundVersion = { readonly bucket: Bucket; readonly version: ObjectVersion }

/** What `?versionId` names. Throws `InvalidArgument`. */
export function requestedVersionId(call: Call): VersionId | undefined {
  if (call.query.parameters.length === 0) return undefined
  const raw = call.query.get('versionId')
  return raw === undefined ? undefined : parseVersionId(raw)
}

/** The version the request itself names. Throws as `findVersion`, and `InvalidArgument`. */
export function findRequestedVersion(call: Call): Promise<FoundVersion> {
  const { bucketName, key } = call
  const versionId = requestedVersionId(call)
  return findVersion(
    call,
    versionId === undefined ? { bucketName, key } : { bucketName, key, versionId },
  )
}

/** Throws `NoSuchBucket`, `NoSuchKey`, `NoSuchVersion`, and `MethodNotAllowed` for a marker named. */
export async function findVersion(call: Call, named: NamedVersion): Promise<FoundVersion> {
  const { metadata } = call.services
  const bucket = await findBucket(metadata, call.identity.tenantId, named.bucketName)
  if (bucket === undefined) throw new S3Error('NoSuchBucket', { BucketName: named.bucketName })
  const version = await metadata.objects.get(bucket, named.key, named.versionId)
  if (version?.is === 'object') return { bucket, version }
  await hideUnlessListable(call, named)
  throw version === undefined ? missing(named) : markerFound(named, version)
}

/** S3 tells that a key is missing only to those who may list the bucket. */
async function hideUnlessListable(call: Call, named: NamedVersion): Promise<void> {
  const listable = await call.services.authorize({
    identity: call.identity,
    action: 's3:ListBucket',
    resource: { bucket: named.bucketName, key: '' },
  })
  if (!listable) throw new S3Error('AccessDenied')
}

function missing(named: NamedVersion): S3Error {
  return named.versionId === undefined
    ? new S3Error('NoSuchKey', { Key: named.key })
    : new S3Error('NoSuchVersion', { Key: named.key, VersionId: named.versionId })
}

function markerFound(named: NamedVersion, marker: DeleteMarker): S3Error {
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
