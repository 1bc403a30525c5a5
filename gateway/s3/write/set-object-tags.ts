// Replaces the tags of the version that a request names: what PutObjectTagging and
// DeleteObjectTagging have in common.
import type { Tag, VersionId } from '../../../metadata/records.ts'
import { S3Error } from '../../../protocol/s3/s3-error.ts'
import type { ObjectCall } from '../operation.ts'
import { requestedVersionId } from '../read/find-version.ts'

export type TagChange = {
  readonly method: 'PUT' | 'DELETE'
  readonly readTags: () => Promise<readonly Tag[]>
}

/**
 * Answers with the headers of the reply. Throws `NoSuchBucket`, `NoSuchKey`, `NoSuchVersion`,
 * `MethodNotAllowed` for a delete marker, and what `readTags` throws.
 */
export async function setObjectTags(
  call: ObjectCall,
  change: TagChange,
): Promise<Readonly<Record<string, string>>> {
  const versionId = requestedVersionId(call)
  const { bucket } = call
  const outcome = await call.services.metadata.objects.setTags(bucket, call.key, {
    ...(versionId === undefined ? {} : { versionId }),
    tags: await change.readTags(),
  })
  switch (outcome.is) {
    case 'done':
      return bucket.versioning === 'off' ? {} : { 'x-amz-version-id': outcome.versionId }
    case 'noSuchVersion':
      throw versionId === undefined
        ? new S3Error('NoSuchKey', { Key: call.key })
        : new S3Error('NoSuchVersion', { Key: call.key, VersionId: versionId })
    case 'deleteMarker':
      throw markerHasNoTags(change.method, versionId)
    case 'noSuchBucket':
      throw new S3Error('NoSuchBucket', { BucketName: bucket.name })
    default:
      return outcome satisfies never
  }
}

function markerHasNoTags(method: string, versionId: VersionId | undefined): S3Error {
  return new S3Error(
    'MethodNotAllowed',
    { Method: method, ResourceType: 'DeleteMarker' },
    {
      headers: {
        Allow: 'DELETE',
        'x-amz-delete-marker': 'true',
        ...(versionId === undefined ? {} : { 'x-amz-version-id': versionId }),
      },
    },
  )
}
