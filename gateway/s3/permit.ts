// Asks for what the row of an operation needs: all of it before the operation runs, but for what only the
// operation finds out, such as keys in a body and tags of what is copied.
import type { Address } from '../../protocol/s3/address.ts'
import type { Need, OperationRow } from '../../protocol/s3/operation-row.ts'
import { headerText, type RequestHeaders } from '../../protocol/s3/request-headers.ts'
import { S3Error } from '../../protocol/s3/s3-error.ts'
import { parseTaggingHeader, type Tag } from '../../protocol/s3/tag-set.ts'
import type { Resource } from '../access/authorize.ts'
import { withRegion } from '../access/bucket-region.ts'
import { isAbroad } from '../access/find-bucket.ts'
import { requireOwner } from '../access/owner.ts'
import { permittedKeys, requirePermission } from '../access/require.ts'
import type { BucketCall, NewBucketCall, ObjectCall, ReadTarget } from './operation.ts'

/** Throws `AccessDenied`. */
export async function permitService(
  call: NewBucketCall,
  row: OperationRow,
  address: Address,
): Promise<void> {
  const { bucketName, headers, notes } = call
  const { tenantId } = call.identity
  const resource: Resource =
    address.bucket === undefined
      ? { is: 'service' }
      : { is: 'bucket', bucket: { tenantId, name: bucketName } }
  for (const { action, whenSent } of row.needs) {
    if (isSent(whenSent, headers)) await requirePermission(call, action, resource)
  }
  requireOwner(headers, tenantId, { decisions: notes.decisions })
}

/** On what the request addresses. Throws `AccessDenied`, with the region of the bucket. */
export async function permit(
  call: BucketCall & Partial<Pick<ObjectCall, 'key'>>,
  row: OperationRow,
  addressed: Resource,
): Promise<void> {
  const { bucket, headers, notes, query, services } = call
  const about = withRequestTags(addressed, row, headers)
  try {
    for (const need of row.needs) {
      if (need.of === 'source' || need.whenTagged === true || need.whenRead === true) continue
      if (!isSent(need.whenSent, headers)) continue
      if (need.of === 'keys') await requireHope(call, need)
      else if (need.of === 'bucket') {
        const prefix = call.key ?? query.get('prefix') ?? ''
        await requirePermission(call, need.action, { is: 'bucket', bucket, prefix })
      } else {
        const ofVersion = need.ofVersion !== undefined && query.has('versionId')
        const action = ofVersion ? need.ofVersion : need.action
        const asked = requirePermission(call, action, need.ofNew ? asNew(about) : about)
        if (asked !== undefined) await asked
      }
    }
    requireOwner(headers, bucket.tenantId, { decisions: notes.decisions })
  } catch (cause) {
    throw cause instanceof S3Error ? withRegion(cause, services.region) : cause
  }
}

/** On what is copied. Throws `AccessDenied`. */
export async function permitSource(
  call: ObjectCall,
  row: OperationRow,
  { bucket, key, versionId }: Omit<ReadTarget, 'keys'>,
): Promise<void> {
  for (const need of row.needs) {
    if (need.of !== 'source' || need.whenTagged === true) continue
    const action = versionId === undefined ? need.action : (need.ofVersion ?? need.action)
    await requirePermission(call, action, { is: 'object', bucket, key, versionId })
  }
  const { decisions } = call.notes
  requireOwner(call.headers, bucket.tenantId, { of: 'source', decisions })
}

/**
 * Users hear of each key by itself. Others, and those of another namespace, who are not to learn that the bucket is there,
 * are not listened to when there is nothing that they may do.
 */
async function requireHope(call: BucketCall, { action }: Need): Promise<void> {
  const { identity, bucket } = call
  if (identity.is === 'user' && !isAbroad(identity, bucket)) return
  await permittedKeys(call, action, { bucket, prefix: '' })
}

function isSent(when: Need['whenSent'], headers: RequestHeaders): boolean {
  if (when === undefined) return true
  const { headers: names, value } = when
  return names.some((name) =>
    value === undefined ? headers[name] !== undefined : headers[name] === value,
  )
}

/** What lies under the key now is not what the request gives an ACL to. */
function asNew(addressed: Resource): Resource {
  return addressed.is === 'object' ? { ...addressed, isNew: true } : addressed
}

/** With the tags that the headers give the object that is made. */
function withRequestTags(
  addressed: Resource,
  row: OperationRow,
  headers: RequestHeaders,
): Resource {
  const text = headerText(headers, 'x-amz-tagging')
  if (text === undefined || addressed.is !== 'object') return addressed
  const takesThem = row.needs.some(
    ({ action, whenSent }) =>
      action === 's3:PutObjectTagging' && whenSent !== undefined && isSent(whenSent, headers),
  )
  return takesThem ? { ...addressed, requestTags: tagsOf(text) } : addressed
}

/** Those that are none are refused by the operation. */
function tagsOf(text: string): readonly Tag[] {
  try {
    return parseTaggingHeader(text)
  } catch {
    return []
  }
}
