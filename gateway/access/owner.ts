// How S3 names the owner of a bucket: by a canonical user id, 64 hex digits that stand for an account, and
// by the account's id, 12 digits. Whoever expects a bucket to be somebody's says whose: the request goes on only
// when it is. https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-owner-condition.html
import { createHash } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import type { Bucket, TenantId } from '../../metadata/records.ts'
import type { RequestHeaders } from '../../protocol/s3/request-headers.ts'
import { S3Error } from '../../protocol/s3/s3-error.ts'
import type { Owner } from '../../protocol/s3/xml/listing-elements.ts'
import type { Decisions } from './decisions.ts'
import type { Identity } from './identity.ts'

type Names = { readonly ownerId: string; readonly accountId: string }

/** They are digests, which policies and the audit log ask for again and again. */
const known = new LRUCache<TenantId, Names>({ max: 1_000 })

function namesOf(tenantId: TenantId): Names {
  let names = known.get(tenantId)
  if (names === undefined) {
    names = {
      ownerId: createHash('sha256').update(`holdfast owner ${tenantId}`).digest('hex'),
      accountId: accountForm.test(tenantId) ? tenantId : digestedAccount(tenantId),
    }
    known.set(tenantId, names)
  }
  return names
}

/** Tenants have the id of their account for one, but for the first. */
const accountForm = /^\d{12}$/

function digestedAccount(tenantId: TenantId): string {
  const digest = createHash('sha256').update(`holdfast account ${tenantId}`).digest()
  return String(digest.readBigUInt64BE() % 1_000_000_000_000n).padStart(12, '0')
}

/** The canonical user id of a tenant: always the same for the same tenant. */
export function ownerId(tenantId: TenantId): string {
  return namesOf(tenantId).ownerId
}

/** The account id of a tenant: always the same for the same tenant. */
export function accountId(tenantId: TenantId): string {
  return namesOf(tenantId).accountId
}

/** As policies name the root user of a tenant, and with that all who are in it. */
export function rootArn(tenantId: TenantId): string {
  return `arn:aws:iam::${accountId(tenantId)}:root`
}

/** `path` begins and ends with a slash. */
export function iamArn(
  tenantId: TenantId,
  of: 'user' | 'group' | 'role' | 'policy',
  { path, name }: { readonly path: string; readonly name: string },
): string {
  return `arn:aws:iam::${accountId(tenantId)}:${of}${path}${name}`
}

/** Of sessions: `rest` is `assumed-role/ROLE/SESSION` or `federated-user/NAME`. */
export function stsArn(tenantId: TenantId, rest: string): string {
  return `arn:aws:sts::${accountId(tenantId)}:${rest}`
}

/** Whether `named`, of a header that expects an owner, is one of the tenant's names. */
function isOwner(tenantId: TenantId, named: string): boolean {
  return named === accountId(tenantId) || named === ownerId(tenantId) || named === tenantId
}

/** As listings show it. S3 no longer names a display name; the tenant's id is there for clients that want one. */
export function ownerOf(tenantId: TenantId): Owner {
  return { id: ownerId(tenantId), displayName: tenantId }
}

/**
 * Throws `MethodNotAllowed` when the caller is not of the account that owns the bucket: nobody else reads or changes its
 * policy, whatever it allows. https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketPolicy.html
 */
export function requireOwnAccount(
  identity: Identity,
  { tenantId }: Pick<Bucket, 'tenantId'>,
): void {
  if (identity.is === 'user' && identity.tenantId === tenantId) return
  throw new S3Error('MethodNotAllowed')
}

const headerNames = {
  bucket: 'x-amz-expected-bucket-owner',
  source: 'x-amz-source-expected-bucket-owner',
} as const

type Expectation = {
  readonly of?: keyof typeof headerNames
  /** Told of a refusal, where there is somebody who keeps a record. */
  readonly decisions?: Decisions | undefined
}

/**
 * Throws `AccessDenied` when the headers expect another owner of the bucket, or of the source of a copy,
 * than the tenant that owns it.
 */
export function requireOwner(
  headers: RequestHeaders,
  tenantId: TenantId,
  { of = 'bucket', decisions }: Expectation = {},
): void {
  const named = headers[headerNames[of]]
  if (named === undefined || isOwner(tenantId, String(named))) return
  decisions?.noteRefusal({ is: 'expectedOwner', of })
  throw new S3Error('AccessDenied')
}
