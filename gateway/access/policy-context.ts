// What conditions of policies may be about, of one request. Computed only when a policy names it.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/amazon-s3-policy-keys.html
import type { Tag } from '../../metadata/records.ts'
import type { ContextKeys } from '../../protocol/policy/access-request.ts'
import { lowerAscii } from '../../protocol/policy/ascii-case.ts'
import { parseTaggingHeader } from '../../protocol/s3/tag-set.ts'
import type { RequestContext, Resource } from './authorize.ts'
import { existingTag } from './bucket-permissions.ts'
import type { Identity } from './identity.ts'
import { accountId, rootArn } from './owner.ts'

export type AskedContext = {
  readonly identity: Identity
  readonly context: RequestContext
  readonly action: string
  readonly resource: Resource
  /** Of the object as it is stored. Absent: there is none, or nobody asks. */
  readonly existingTags?: readonly Tag[]
}

type Value = string | readonly string[] | undefined
type Read = (asked: AskedContext) => Value

export function contextKeys(asked: AskedContext): ContextKeys {
  return {
    get: (key) => {
      const read = keys[key]
      if (read !== undefined) return read(asked)
      if (key.startsWith(existingTag)) return tagValue(asked.existingTags, key, existingTag)
      if (key.startsWith(requestTag)) return tagValue(requestTags(asked), key, requestTag)
      return headersOfS3.has(key) ? header(asked, key.slice('s3:'.length)) : undefined
    },
  }
}

const keys: Readonly<Record<string, Read>> = {
  'aws:currenttime': ({ context }) => new Date(context.now()).toISOString(),
  'aws:epochtime': ({ context }) => String(Math.floor(context.now() / 1000)),
  'aws:securetransport': ({ context }) => String(context.isEncrypted),
  'aws:sourceip': ({ context }) => context.sourceIp(),
  'aws:useragent': (asked) => header(asked, 'user-agent'),
  'aws:referer': (asked) => header(asked, 'referer'),
  'aws:principaltype': ({ identity }) => (identity.is === 'anonymous' ? 'Anonymous' : 'Account'),
  'aws:principalarn': ({ identity }) =>
    identity.is === 'anonymous' ? undefined : rootArn(identity.tenantId),
  'aws:principalaccount': ({ identity }) => accountOf(identity),
  'aws:userid': ({ identity }) => accountOf(identity) ?? 'anonymous',
  'aws:principalisawsservice': () => 'false',
  'aws:viaawsservice': () => 'false',
  'aws:resourceaccount': ({ resource }) =>
    resource.is === 'service' ? undefined : accountId(resource.bucket.tenantId),

  's3:authtype': authType,
  's3:signatureversion': signatureVersion,
  's3:signatureage': signatureAge,
  's3:resourceaccount': (asked) => keys['aws:resourceaccount']?.(asked),
  's3:prefix': listed((asked) => prefixOf(asked) ?? ''),
  's3:delimiter': listed(({ context }) => context.query.get('delimiter')),
  's3:max-keys': listed(({ context }) => context.query.get('max-keys')),
  's3:versionid': ({ resource, context }) =>
    (resource.is === 'object' ? resource.versionId : undefined) ?? context.query.get('versionId'),
  's3:requestobjecttagkeys': (asked) => requestTags(asked)?.map(({ key }) => key),
  's3:if-match': (asked) => header(asked, 'if-match'),
  's3:if-none-match': (asked) => header(asked, 'if-none-match'),
}

/** Headers that are keys under their own names. */
const headersOfS3: ReadonlySet<string> = new Set(
  [
    'x-amz-acl',
    'x-amz-content-sha256',
    'x-amz-copy-source',
    'x-amz-grant-full-control',
    'x-amz-grant-read',
    'x-amz-grant-read-acp',
    'x-amz-grant-write',
    'x-amz-grant-write-acp',
    'x-amz-metadata-directive',
    'x-amz-object-ownership',
    'x-amz-server-side-encryption',
    'x-amz-server-side-encryption-aws-kms-key-id',
    'x-amz-server-side-encryption-customer-algorithm',
    'x-amz-storage-class',
    'x-amz-website-redirect-location',
  ].map((name) => `s3:${name}`),
)

const requestTag = 's3:requestobjecttag/'

function header({ context }: AskedContext, name: string): string | undefined {
  const value = context.headers[name]
  return Array.isArray(value) ? value.join(',') : value
}

function accountOf(identity: Identity): string | undefined {
  return identity.is === 'anonymous' ? undefined : accountId(identity.tenantId)
}

const listings = /^s3:list(bucket|bucketversions|bucketmultipartuploads)$/i

/** Other requests do not have the key, whatever their query says. */
function listed(read: Read): Read {
  return (asked) => (listings.test(asked.action) ? read(asked) : undefined)
}

function prefixOf({ resource, context }: AskedContext): string | undefined {
  return resource.is === 'bucket' && resource.prefix !== undefined
    ? resource.prefix
    : context.query.get('prefix')
}

function requestTags(asked: AskedContext): readonly Tag[] | undefined {
  const text = header(asked, 'x-amz-tagging')
  try {
    return text === undefined ? undefined : parseTaggingHeader(text)
  } catch {
    // The operation refuses it.
    return undefined
  }
}

/** Keys of conditions come in lower case, and so find tags in any. */
function tagValue(tags: readonly Tag[] | undefined, key: string, before: string): Value {
  const name = key.slice(before.length)
  return tags?.find((tag) => lowerAscii(tag.key) === name)?.value
}

function presignedDate({ context: { query } }: AskedContext): string | undefined {
  return query.get('X-Amz-Signature') === undefined ? undefined : query.get('X-Amz-Date')
}

function authType(asked: AskedContext): Value {
  const { identity, context } = asked
  if (identity.is === 'anonymous') return undefined
  if (header(asked, 'authorization') !== undefined) return 'REST-HEADER'
  const { query } = context
  const isPresigned = query.has('X-Amz-Signature') || query.has('Signature')
  return isPresigned ? 'REST-QUERY-STRING' : 'POST'
}

function signatureVersion(asked: AskedContext): Value {
  if (asked.identity.is === 'anonymous') return undefined
  const { query, headers } = asked.context
  return query.has('Signature') || headers.signature !== undefined ? 'AWS' : 'AWS4-HMAC-SHA256'
}

/** Milliseconds since a URL was signed. */
function signatureAge(asked: AskedContext): Value {
  const [, year, month, day, hour, minute, second] =
    /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(presignedDate(asked) ?? '') ?? []
  if (second === undefined) return undefined
  const signedMs = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`)
  return String(Math.max(0, asked.context.now() - signedMs))
}
