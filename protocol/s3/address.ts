// Which bucket and key a request means: path style (`/bucket/key`) or virtual-host style
// (`bucket.domain`). https://docs.aws.amazon.com/AmazonS3/latest/userguide/VirtualHosting.html

import { requireKeyLength } from './object-key.ts'
import type { RequestHeaders } from './request-headers.ts'
import { percentDecode } from './request-target.ts'
import { S3Error } from './s3-error.ts'

/** Neither: the service itself. A key only with a bucket. */
export type Address = {
  readonly bucket?: string
  readonly key?: string
  /** Of S3 Control, which speaks of accounts: the path behind its version. */
  readonly control?: string
}

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
  if (hosted !== undefined) return withKey(hosted, rawPath.slice(1))
  const slash = rawPath.indexOf('/', 1)
  const bucket = percentDecode(slash === -1 ? rawPath.slice(1) : rawPath.slice(1, slash))
  if (bucket === '') {
    if (slash === -1) return {}
    throw new S3Error('InvalidBucketName', { BucketName: '' })
  }
  return withKey(bucket, slash === -1 ? '' : rawPath.slice(slash + 1))
}

function withKey(bucket: string, rawKey: string): Address {
  if (rawKey === '') return { bucket }
  return { bucket, key: requireKeyLength(percentDecode(rawKey)) }
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
