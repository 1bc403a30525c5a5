// From a request whose sender is known to the operation that it asks for: checks what the operation takes,
// finds the bucket, asks for every permission that the operation's row names, and hands over. Knows no socket: tests run operations here.
import type { Bucket } from '../../metadata/records.ts'
import type { Address } from '../../protocol/s3/address.ts'
import { checkHeaders } from '../../protocol/s3/check-headers.ts'
import { checkParameters } from '../../protocol/s3/check-parameters.ts'
import { parseCopySource } from '../../protocol/s3/copy-source.ts'
import {
  type Need,
  type OperationName,
  type OperationRow,
  operations,
} from '../../protocol/s3/operations-table.ts'
import type { RequestHeaders } from '../../protocol/s3/request-headers.ts'
import { S3Error } from '../../protocol/s3/s3-error.ts'
import { parseVersionId } from '../../protocol/s3/version-id.ts'
import type { RequestContext, Resource } from '../access/authorize.ts'
import { refusalWithRegion, withRegion } from '../access/bucket-region.ts'
import { requireBucket } from '../access/find-bucket.ts'
import type { Identity } from '../access/identity.ts'
import type { TenantKeys } from '../access/keys/tenant-keys.ts'
import { checkPresignedHeaders } from '../access/presigned-headers.ts'
import { permittedKeys, requirePermission } from '../access/require.ts'
import { requireOwner } from '../access/require-owner.ts'
import type { Reply } from '../reply.ts'
import type {
  BucketCall,
  Calls,
  FormCall,
  Handlers,
  KindOf,
  NewBucketCall,
  ObjectCall,
  ReadTarget,
  ServiceCall,
  Services,
} from './operation.ts'

/** A request as it came: but for who has sent it. */
export type Arrived = Omit<ServiceCall, 'identity' | 'decider'> & {
  readonly address: Address
  readonly context: RequestContext
}

type NameOf<Kind extends keyof Calls> = {
  [Name in OperationName]: KindOf<Name> extends Kind ? Name : never
}[OperationName]

/** Those whose sender is known before their body is read. */
export type SignedOperation = Exclude<OperationName, NameOf<'form'>>

function isOf<Kind extends keyof Calls>(kind: Kind, name: OperationName): name is NameOf<Kind> {
  const row: OperationRow = operations[name]
  if (row.makesBucket === true) return kind === 'newBucket'
  return kind === (row.header === 'x-amz-copy-source' ? 'copy' : row.scope)
}

/**
 * Throws what `checkPresignedHeaders`, `checkParameters` and `checkHeaders` throw, `NoSuchBucket`, `AccessDenied`,
 * `InvalidArgument` for the name of what is to be copied, and what the operation throws.
 */
export async function runOperation(
  handlers: Handlers,
  name: SignedOperation,
  request: Arrived & { readonly identity: Identity },
): Promise<Reply> {
  // Before anything is asked: what is asked is what will be done.
  checkPresignedHeaders(request.query)
  checkParameters(name, request.query)
  checkHeaders(name, request.headers)
  if (isOf('service', name) || isOf('newBucket', name)) {
    const call = await enterService(request, operations[name])
    return handlers[name](call)
  }
  const call = await openBucket(request)
  if (isOf('bucket', name)) {
    await permit(call, operations[name], { is: 'bucket', bucket: call.bucket })
    return handlers[name](call)
  }
  const key = request.address.key ?? ''
  const objectCall = { ...call, key }
  await permit(objectCall, operations[name], { is: 'object', bucket: call.bucket, key })
  if (isOf('object', name)) return handlers[name](objectCall)
  const source = await openSource(objectCall, operations[name])
  return handlers[name]({ ...objectCall, source })
}

/** For an operation that reads in its body who has sent it. */
export function formCall(request: Arrived): FormCall {
  return {
    ...request,
    bucketName: request.address.bucket ?? '',
    enter: async (form) => {
      const { key, headers } = form
      const context = { ...request.context, headers }
      const call = { ...(await openBucket({ ...request, ...form, context })), key }
      await permit(call, operations.PostObject, { is: 'object', bucket: call.bucket, key })
      return call
    },
  }
}

type Entering = Arrived & { readonly identity: Identity }

async function enterService(request: Entering, row: OperationRow): Promise<NewBucketCall> {
  const { services, identity, context, address } = request
  const bucketName = address.bucket ?? ''
  const decider = services.authorize({ identity, context })
  try {
    // Who belongs to no tenant has no buckets, and can make none.
    if (identity.is === 'anonymous') throw new S3Error('AccessDenied')
    const call = { ...request, identity, bucketName, decider }
    await permitService(call, row, address)
    return call
  } catch (cause) {
    throw cause instanceof S3Error
      ? await refusalWithRegion(cause, address.bucket, services)
      : cause
  }
}

/** Throws `AccessDenied`. */
async function permitService(
  call: NewBucketCall,
  row: OperationRow,
  address: Address,
): Promise<void> {
  const { bucketName, headers } = call
  const { tenantId } = call.identity
  const resource: Resource =
    address.bucket === undefined
      ? { is: 'service' }
      : { is: 'bucket', bucket: { tenantId, name: bucketName } }
  for (const { action, whenSent } of row.needs) {
    if (isSent(whenSent, headers)) await requirePermission(call, action, resource)
  }
  requireOwner(headers, tenantId)
}

async function openBucket(request: Entering): Promise<BucketCall> {
  const { services, identity, context, address } = request
  const bucket = await requireBucket(services.metadata, address.bucket ?? '', identity)
  const keys = await requireKeys(services, bucket)
  return { ...request, bucket, keys, decider: services.authorize({ identity, context }) }
}

/** Of the bucket's owner. Throws `NoSuchBucket` when that tenant is gone. */
async function requireKeys(services: Services, { tenantId, name }: Bucket): Promise<TenantKeys> {
  const keys = await services.keysOfTenant(tenantId)
  if (keys !== undefined) return keys
  throw new S3Error('NoSuchBucket', { BucketName: name })
}

/** Throws `AccessDenied`, with the region of the bucket. */
async function permit(
  call: BucketCall & Partial<Pick<ObjectCall, 'key'>>,
  row: OperationRow,
  addressed: Resource,
): Promise<void> {
  const { bucket, headers, query, services } = call
  try {
    for (const need of row.needs) {
      if (need.of === 'source' || need.whenTagged === true) continue
      if (!isSent(need.whenSent, headers)) continue
      if (need.of === 'keys') await requireHope(call, need)
      else if (need.of === 'bucket') {
        const listing = call.key === undefined ? {} : { prefix: call.key }
        await requirePermission(call, need.action, { is: 'bucket', bucket, ...listing })
      } else {
        const ofVersion = need.ofVersion !== undefined && query.has('versionId')
        await requirePermission(call, ofVersion ? need.ofVersion : need.action, addressed)
      }
    }
    requireOwner(headers, bucket.tenantId)
  } catch (cause) {
    throw cause instanceof S3Error ? withRegion(cause, services.region) : cause
  }
}

/** Users hear of each key by itself. Others are not listened to when there is nothing that they may do. */
async function requireHope(call: BucketCall, { action }: Need): Promise<void> {
  if (call.identity.is === 'user') return
  await permittedKeys(call, action, { bucket: call.bucket, prefix: '' })
}

function isSent(when: Need['whenSent'], headers: RequestHeaders): boolean {
  if (when === undefined) return true
  const { headers: names, value } = when
  return names.some((name) =>
    value === undefined ? headers[name] !== undefined : headers[name] === value,
  )
}

/** What is copied: in a bucket of its own, that may be somebody else's. */
async function openSource(call: ObjectCall, row: OperationRow): Promise<ReadTarget> {
  const { services, headers, identity } = call
  const { bucketName, key, versionId: raw } = parseCopySource(headers)
  const versionId = raw === undefined ? undefined : parseVersionId(raw, 'x-amz-copy-source')
  const isHere = bucketName === call.bucket.name
  const bucket = isHere ? call.bucket : await requireBucket(services.metadata, bucketName, identity)
  for (const need of row.needs) {
    if (need.of !== 'source' || need.whenTagged === true) continue
    const action = versionId === undefined ? need.action : (need.ofVersion ?? need.action)
    await requirePermission(call, action, { is: 'object', bucket, key })
  }
  requireOwner(headers, bucket.tenantId, 'source')
  const keys = isHere ? call.keys : await requireKeys(services, bucket)
  return versionId === undefined ? { bucket, keys, key } : { bucket, keys, key, versionId }
}
