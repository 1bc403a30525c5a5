// Which bucket and key a request means: path style (`/bucket/key`) or virtual-host style
// (`bucket.domain`). https://docs.aws.amazon.com/AmazonS3/latest/userguide/VirtualHosting.html
// A bucket of another namespace is reached by its tenant, in ways of our own: `/tenant:bucket/key`, `bucket.tenant.domain`.
import { requireKeyLength } from './object-key.ts'
import type { RequestHeaders } from './request-headers.ts'
import { percentDecode } from './request-target.ts'
import { S3Error } from './s3-error.ts'

/** Neither bucket nor key: the service itself. A key only with a bucket. */
export type Address = {
  /** Whose the bucket is, by name or id of the account. Absent: it is one of those that the caller knows by plain names. */
  readonly tenant?: string
  readonly bucket?: string
  readonly key?: string
  /**
   * What else a host of several labels may mean: `bucket` is all of them then. Only who knows the tenants can tell, and where
   * there is one of that name it is meant.
   */
  readonly orOfTenant?: TenantBucket
  /** Of S3 Control, which speaks of accounts: the path behind its version. */
  readonly control?: string
}

export type TenantBucket = { readonly tenant: string; readonly bucket: string }

const controlPrefix = '/v20180820/'

/**
 * Of a request to S3 Control. It is told by the header that names the account, for a bucket may be called as that path
 * begins; like all of its kind, the header counts only when it is signed.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_Operations_AWS_S3_Control.html
 */
export function controlAddress(rawPath: string, headers: RequestHeaders): Address | undefined {
  if (headers[accountHeader] === undefined || !rawPath.startsWith(controlPrefix)) return undefined
  return { control: rawPath.slice(controlPrefix.length) }
}

export const accountHeader = 'x-amz-account-id'

/**
 * `domains` are those whose subdomains name buckets, in lower case. Throws `KeyTooLongError`, and as
 * `hostedBucket`.
 */
export function parseAddress(
  rawPath: string,
  host: string | undefined,
  domains: readonly string[],
): Address {
  const hosted = hostedBucket(host, domains)
  if (hosted !== undefined) return withKey(hostedAddress(hosted), rawPath.slice(1))
  const slash = rawPath.indexOf('/', 1)
  const bucket = percentDecode(slash === -1 ? rawPath.slice(1) : rawPath.slice(1, slash))
  if (bucket === '') {
    if (slash === -1) return {}
    throw new S3Error('InvalidBucketName', { BucketName: '' })
  }
  const named = splitTenant(bucket) ?? { bucket }
  return withKey(named, slash === -1 ? '' : rawPath.slice(slash + 1))
}

function withKey(named: Address, rawKey: string): Address {
  if (rawKey === '') return named
  return { ...named, key: requireKeyLength(percentDecode(rawKey)) }
}

/** `tenant:bucket`, where no name of a bucket has a colon. Undefined: no tenant is named. */
export function splitTenant(name: string): TenantBucket | undefined {
  const colon = name.indexOf(':')
  if (colon === -1 || colon === name.length - 1) return undefined
  const tenant = name.slice(0, colon)
  return label.test(tenant) ? { tenant, bucket: name.slice(colon + 1) } : undefined
}

/** Of a host name: what a tenant may be called. */
const label = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/

function hostedAddress(bucket: string): Address {
  const dot = bucket.lastIndexOf('.')
  if (dot === -1) return { bucket }
  const orOfTenant = { tenant: bucket.slice(dot + 1), bucket: bucket.slice(0, dot) }
  return { bucket, orOfTenant }
}

/**
 * The bucket that the host names, of a virtual-host style request. Throws `InvalidArgument` for a name of
 * empty labels, which is nobody's: read in another way it would name another bucket.
 */
export function hostedBucket(
  host: string | undefined,
  domains: readonly string[],
): string | undefined {
  if (host === undefined || domains.length === 0) return undefined
  const name = hostName(host)
  if (name.includes('..') || name.startsWith('.') || name.endsWith('.')) {
    throw new S3Error('InvalidArgument', { ArgumentName: 'Host', ArgumentValue: host })
  }
  let longest = ''
  for (const domain of domains) {
    if (name === domain) return undefined
    if (domain.length > longest.length && name.endsWith(`.${domain}`)) longest = domain
  }
  return longest === '' ? undefined : name.slice(0, -longest.length - 1)
}

/** In lower case, without port, and without the dot of a name that is given down to the root. */
function hostName(host: string): string {
  return host.replace(/\.?(?::\d*)?$/, '').toLowerCase()
}
