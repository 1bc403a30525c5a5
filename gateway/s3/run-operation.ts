// From a request whose sender is known to the operation that it asks for: checks what the operation takes,
// finds the bucket, asks for every permission that the operation's row names, and hands over. Knows no socket: tests run operations here.
import type { Bucket, VersionId } from '../../metadata/records.ts'
import type { Address } from '../../protocol/s3/address.ts'
import { checkHeaders } from '../../protocol/s3/check-headers.ts'
import { checkParameters } from '../../protocol/s3/check-parameters.ts'
import { type CopySource, parseCopySource } from '../../protocol/s3/copy-source.ts'
import type { OperationRow } from '../../protocol/s3/operation-row.ts'
import { type OperationName, operations } from '../../protocol/s3/operations-table.ts'
import type { Query } from '../../protocol/s3/request-target.ts'
import { S3Error } from '../../protocol/s3/s3-error.ts'
import { parseVersionId, versionIdOrNone } from '../../protocol/s3/version-id.ts'
import type { AddressedTenant } from '../access/addressed-tenant.ts'
import type { Authorize, Listing, RequestContext } from '../access/authorize.ts'
import { refusalWithRegion, withRegion } from '../access/bucket-region.ts'
import { byNothing, Decisions } from '../access/decisions.ts'
import { isOwnTenant, requireBucket } from '../access/find-bucket.ts'
import type { Identity } from '../access/identity.ts'
import type { TenantKeys } from '../access/keys/tenant-keys.ts'
import { accountId } from '../access/owner.ts'
import { checkPresignedHeaders } from '../access/presigned-headers.ts'
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
  RequestBody,
  ServiceCall,
  Services,
} from './operation.ts'
import { permit, permitService, permitSource } from './permit.ts'

/** A request as it came: but for who has sent it, and its body. */
export type Arrived = Omit<ServiceCall, 'identity' | 'decider' | 'body'> & {
  readonly address: Address
  /** Whose the bucket is, where the address says it. */
  readonly owner?: AddressedTenant | undefined
  /** Whose that is which is copied, where its header says it. */
  readonly sourceOwner?: AddressedTenant
  readonly context: RequestContext
  /** Told of the bucket, before anything is asked of it. What it throws refuses the request. */
  readonly bucketFound?: (bucket: Bucket) => Promise<void>
}

type NameOf<Kind extends keyof Calls> = {
  [Name in OperationName]: KindOf<Name> extends Kind ? Name : never
}[OperationName]

/** Those whose sender is known before their body is read. */
export type SignedOperation = Exclude<OperationName, NameOf<'form'>>

const kinds: ReadonlyMap<string, keyof Calls> = new Map(
  Object.entries<OperationRow>(operations).map(([name, row]) => [name, kindOf(row)]),
)

function kindOf(row: OperationRow): keyof Calls {
  if (row.makesBucket === true) return 'newBucket'
  return row.header === 'x-amz-copy-source' ? 'copy' : row.scope
}

function isOf<Kind extends keyof Calls>(kind: Kind, name: OperationName): name is NameOf<Kind> {
  return kinds.get(name) === kind
}

type Signed = {
  readonly identity: Identity
  readonly request: Arrived
  readonly body: RequestBody
}

/**
 * Throws what `checkPresignedHeaders`, `checkParameters` and `checkHeaders` throw, `NoSuchBucket`, `AccessDenied`,
 * `InvalidArgument` for the name of what is to be copied, and what the operation throws.
 */
export async function runOperation(
  handlers: Handlers,
  name: SignedOperation,
  { identity, request: arrived, body }: Signed,
): Promise<Reply> {
  // Before anything is asked: what is asked is what will be done.
  checkPresignedHeaders(arrived.query)
  checkParameters(name, arrived.query)
  checkHeaders(name, arrived.headers)
  const { owner } = arrived
  return owner === undefined || isOwnTenant(identity, owner)
    ? perform(handlers, name, { identity, request: arrived, body })
    : performAbroad(handlers, name, { identity, request: arrived, body })
}

/**
 * In the namespace of another tenant. Some operations ask for a permission only when they have read what it hangs on, or of
 * each key by itself: what they refuse before anything was allowed is told like a bucket that is not there.
 */
async function performAbroad(
  handlers: Handlers,
  name: SignedOperation,
  { identity, request, body }: Signed,
): Promise<Reply> {
  const { notes, services } = request
  const decisions = notes.decisions ?? new Decisions()
  const authorize: Authorize = (asking) => services.authorize({ ...asking, decisions })
  const watched = { ...request, services: { ...services, authorize } }
  try {
    return await perform(handlers, name, { identity, request: watched, body })
  } catch (cause) {
    if (!(cause instanceof S3Error) || cause.status >= 500) throw cause
    const isTold = decisions.verdict !== 'notAsked'
    throw withRegion(isTold ? cause : new S3Error('AccessDenied'), services.region)
  }
}

async function perform(
  handlers: Handlers,
  name: SignedOperation,
  { identity, request: arrived, body }: Signed,
): Promise<Reply> {
  const request = isOf('copy', name) ? await settleSource(arrived, identity) : arrived
  if (isOf('service', name) || isOf('newBucket', name)) {
    const call = await enterService({ identity, request, body }, operations[name])
    return handlers[name](call)
  }
  const opened = await openBucket(request, identity)
  const { bucket } = opened
  if (isOf('bucket', name)) {
    const call = { ...request, ...opened, identity, body }
    await permit(call, operations[name], {
      is: 'bucket',
      bucket,
      ...listingOf(name, request.query),
    })
    return handlers[name](call)
  }
  const key = request.address.key ?? ''
  const call = objectCall(request, { opened, identity, body, key })
  const versionId = versionOf(request.query)
  await permit(call, operations[name], { is: 'object', bucket, key, versionId })
  if (isOf('object', name)) return handlers[name](call)
  const source = await openSource(call, operations[name], request)
  return handlers[name]({ ...call, source })
}

/** Nothing where the operation does not list, whatever its query says. */
function listingOf(name: OperationName, query: Query): Listing {
  const { takes = [] }: OperationRow = operations[name]
  if (!takes.includes('delimiter')) return {}
  return {
    prefix: query.get('prefix') ?? '',
    delimiter: query.get('delimiter'),
    maxKeys: query.get('max-keys'),
  }
}

/** Operations that do not take the parameter have been refused with it; what is no version id, they refuse later. */
function versionOf(query: Query): VersionId | undefined {
  return query.parameters.length === 0 ? undefined : versionIdOrNone(query.get('versionId'))
}

type Entered = Pick<ObjectCall, 'identity' | 'body' | 'key'> & { readonly opened: Opened }

/** Field by field: every PUT and GET comes by here, and to copy so many with `...` takes microseconds. */
function objectCall(
  { services, notes, client, query, headers, requestId, endpoint, rawPath }: Arrived,
  { identity, body, key, opened: { bucket, keys, decider } }: Entered,
): ObjectCall {
  return {
    services,
    notes,
    client,
    identity,
    decider,
    bucket,
    keys,
    key,
    query,
    headers,
    body,
    requestId,
    endpoint,
    rawPath,
  }
}

/** For an operation that reads in its body who has sent it. */
export function formCall(request: Arrived & Pick<FormCall, 'body'>): FormCall {
  return {
    ...request,
    bucketName: nameInForms(request.address),
    enter: async (form) => {
      const { identity, key, headers } = form
      request.notes.identity = identity
      request.notes.formKey = key
      const context = { ...request.context, headers }
      const call = { ...request, ...form, ...(await openBucket({ ...request, context }, identity)) }
      await permit(call, operations.PostObject, { is: 'object', bucket: call.bucket, key })
      return call
    },
  }
}

/** What a signed form calls the bucket: with its tenant, where that is said, so that the form fits no other one. */
function nameInForms({ tenant, bucket = '' }: Address): string {
  return tenant === undefined ? bucket : `${tenant}:${bucket}`
}

async function enterService(
  { identity, request, body }: Signed,
  row: OperationRow,
): Promise<NewBucketCall> {
  const { services, context, address, owner, notes } = request
  const bucketName = address.bucket ?? ''
  const { decisions } = notes
  const decider = services.authorize({ identity, context, decisions })
  try {
    // Who belongs to no tenant has no buckets, and can make none.
    if (identity.is === 'anonymous') {
      for (const { action } of row.needs.slice(0, 1)) {
        decisions?.note(action, { isAllowed: false, by: byNothing })
      }
      throw new S3Error('AccessDenied')
    }
    // Nobody makes buckets for others.
    if (owner !== undefined && !isOwnTenant(identity, owner)) throw new S3Error('AccessDenied')
    const call = { ...request, identity, body, bucketName, decider }
    await permitService(call, row, address)
    return call
  } catch (cause) {
    throw cause instanceof S3Error
      ? await refusalWithRegion(cause, { name: address.bucket, owner }, services)
      : cause
  }
}

type Opened = Pick<BucketCall, 'bucket' | 'keys' | 'decider'>

async function openBucket(
  {
    services,
    notes,
    context,
    address,
    owner,
    bucketFound,
  }: Pick<Arrived, 'services' | 'notes' | 'context' | 'address' | 'owner' | 'bucketFound'>,
  identity: Identity,
): Promise<Opened> {
  const named = { name: address.bucket, owner }
  const finding = requireBucket(services.metadata, named, identity)
  // As it is with a bucket that is there.
  const bucket = await (owner === undefined ? finding : withRegionOf(services, finding))
  notes.bucket = bucket
  if (identity.is === 'anonymous') services.bounds?.ofTenant(bucket.tenantId)
  if (bucketFound !== undefined) await bucketFound(bucket)
  const found = requireKeys(services, bucket)
  // Mostly they are at hand.
  const keys = found instanceof Promise ? await found : found
  const { decisions } = notes
  return { bucket, keys, decider: services.authorize({ identity, context, decisions }) }
}

async function withRegionOf({ region }: Services, finding: Promise<Bucket>): Promise<Bucket> {
  try {
    return await finding
  } catch (cause) {
    throw cause instanceof S3Error ? withRegion(cause, region) : cause
  }
}

/** Of the bucket's owner. Throws `NoSuchBucket` when that tenant is gone. */
function requireKeys(
  services: Services,
  { tenantId, name }: Bucket,
): TenantKeys | Promise<TenantKeys> {
  const sure = (keys: TenantKeys | undefined) => {
    if (keys !== undefined) return keys
    throw new S3Error('NoSuchBucket', { BucketName: name })
  }
  const found = services.keysOfTenant(tenantId)
  return found instanceof Promise ? found.then(sure) : sure(found)
}

/** What is copied: in a bucket of its own, that may be somebody else's. */
async function openSource(
  call: ObjectCall,
  row: OperationRow,
  { owner, sourceOwner }: Pick<Arrived, 'owner' | 'sourceOwner'>,
): Promise<ReadTarget> {
  const { services, headers, identity } = call
  const { bucketName, key, versionId: raw } = parseCopySource(headers)
  const versionId = raw === undefined ? undefined : parseVersionId(raw, 'x-amz-copy-source')
  const arePlain = owner === undefined && sourceOwner === undefined
  const isHere = arePlain && bucketName === call.bucket.name
  const named = { name: bucketName, owner: sourceOwner }
  const bucket = isHere ? call.bucket : await requireBucket(services.metadata, named, identity)
  const source = { bucket, key, ...(versionId === undefined ? {} : { versionId }) }
  await permitSource(call, row, source)
  return { ...source, keys: isHere ? call.keys : await requireKeys(services, bucket) }
}

/** Policies are asked of what is copied by one name for it: that of the bucket alone where it is the caller's own. */
async function settleSource(request: Arrived, identity: Identity): Promise<Arrived> {
  const { services, context, headers } = request
  const source = readableSource(headers)
  if (source?.tenant === undefined) return request
  const { tenant, bucketName, key } = source
  const sourceOwner = await services.findAddressed(tenant)
  const account = sourceOwner.is === 'tenant' ? accountId(sourceOwner.tenantId) : tenant
  const isOwn = isOwnTenant(identity, sourceOwner)
  const copySource = isOwn ? `${bucketName}/${key}` : `${account}:${bucketName}/${key}`
  return { ...request, context: { ...context, copySource }, sourceOwner }
}

/** Undefined: the operation refuses it. */
function readableSource(headers: Arrived['headers']): CopySource | undefined {
  try {
    return parseCopySource(headers)
  } catch (cause) {
    if (cause instanceof S3Error) return undefined
    throw cause
  }
}
