// What conditions of policies may be about, of one request. Computed only when a policy names it.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/amazon-s3-policy-keys.html
import type { Tag } from '../../metadata/records.ts'
import type { ContextKeys } from '../../protocol/policy/access-request.ts'
import { lowerAscii } from '../../protocol/policy/ascii-case.ts'
import { parseCopySource } from '../../protocol/s3/copy-source.ts'
import { S3Error } from '../../protocol/s3/s3-error.ts'
import { parseAmzDate } from '../../protocol/s3/sigv4/amz-date.ts'
import type { RequestContext, Resource } from './authorize.ts'
import { existingTag } from './bucket-permissions.ts'
import type { Identity, Session } from './identity.ts'
import { accountId } from './owner.ts'
import type { Standing } from './standing.ts'

export type AskedContext = {
  readonly identity: Identity
  readonly standing: Standing
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
      if (Object.hasOwn(keys, key)) return keys[key]?.(asked)
      if (key.startsWith(existingTag)) return tagValue(asked.existingTags, key, existingTag)
      if (key.startsWith(requestTag)) return tagValue(requestTags(asked), key, requestTag)
      if (key.startsWith(principalTag)) return tagValue(asked.standing.tags, key, principalTag)
      const { resource } = asked
      if (resource.is === 'identity') {
        if (key.startsWith(awsRequestTag)) return tagValue(resource.requestTags, key, awsRequestTag)
        if (key.startsWith(resourceTag)) return tagValue(resource.tags, key, resourceTag)
        if (key.startsWith(iamResourceTag)) return tagValue(resource.tags, key, iamResourceTag)
        if (resource.keys !== undefined && Object.hasOwn(resource.keys, key)) {
          return resource.keys[key]
        }
      }
      const lasting = sessionOf(asked.identity)?.keys
      if (lasting !== undefined && Object.hasOwn(lasting, key)) return lasting[key]
      return headersOfS3.has(key) ? header(asked, key.slice('s3:'.length)) : undefined
    },
  }
}

const keys: Readonly<Record<string, Read>> = {
  'aws:currenttime': ({ context }) => new Date(context.now()).toISOString(),
  'aws:epochtime': ({ context }) => String(Math.floor(context.now() / 1000)),
  'aws:securetransport': ({ context }) => String(context.isEncrypted),
  'aws:sourceip': sourceIp,
  'aws:useragent': ({ context }) => context.userAgent,
  'aws:referer': ({ context }) => context.referer,
  'aws:principaltype': ({ identity, standing }) =>
    identity.is === 'anonymous' ? 'Anonymous' : standing.type,
  'aws:principalarn': ({ standing: { principal } }) => {
    if (principal.is === 'role session') return principal.roleArn
    return 'arn' in principal ? principal.arn : undefined
  },
  'aws:principalaccount': ({ identity }) => accountOf(identity),
  'aws:userid': ({ standing }) => standing.userId,
  'aws:username': ({ standing }) => standing.userName,
  'aws:tokenissuetime': ({ identity }) => {
    const session = sessionOf(identity)
    return session && new Date(session.issuedMs).toISOString()
  },
  // Of temporary credentials alone: those of long standing do not have the key at all.
  'aws:multifactorauthpresent': ({ identity }) =>
    sessionOf(identity) === undefined ? undefined : 'false',
  'aws:federatedprovider': ({ identity }) => sessionOf(identity)?.provider,
  'aws:sourceidentity': ({ identity }) => sessionOf(identity)?.sourceIdentity,
  'aws:tagkeys': ({ resource }) =>
    resource.is === 'identity'
      ? (resource.tagKeys ?? resource.requestTags?.map(({ key }) => key))
      : undefined,
  'aws:principalisawsservice': () => 'false',
  'aws:viaawsservice': () => 'false',
  'aws:resourceaccount': ({ resource }) =>
    resource.is === 'bucket' || resource.is === 'object'
      ? accountId(resource.bucket.tenantId)
      : resource.is === 'identity'
        ? accountId(resource.tenantId)
        : undefined,

  's3:authtype': authType,
  's3:signatureversion': signatureVersion,
  's3:signatureage': signatureAge,
  's3:resourceaccount': (asked) => keys['aws:resourceaccount']?.(asked),
  's3:prefix': ({ resource }) => (resource.is === 'bucket' ? resource.prefix : undefined),
  's3:delimiter': ({ resource }) => (resource.is === 'bucket' ? resource.delimiter : undefined),
  's3:max-keys': ({ resource }) => (resource.is === 'bucket' ? resource.maxKeys : undefined),
  's3:versionid': ({ resource }) => (resource.is === 'object' ? resource.versionId : undefined),
  's3:x-amz-copy-source': copySource,
  's3:requestobjecttagkeys': (asked) => requestTags(asked)?.map(({ key }) => key),
  's3:x-amz-object-ownership': (asked) =>
    (asked.resource.is === 'bucket' ? asked.resource.objectOwnership : undefined) ??
    header(asked, 'x-amz-object-ownership'),
  's3:if-match': (asked) => header(asked, 'if-match'),
  's3:if-none-match': (asked) => header(asked, 'if-none-match'),
}

/** Headers that are keys under their own names. */
const headersOfS3: ReadonlySet<string> = new Set(
  [
    'x-amz-acl',
    'x-amz-content-sha256',
    'x-amz-grant-full-control',
    'x-amz-grant-read',
    'x-amz-grant-read-acp',
    'x-amz-grant-write',
    'x-amz-grant-write-acp',
    'x-amz-metadata-directive',
    'x-amz-server-side-encryption',
    'x-amz-server-side-encryption-aws-kms-key-id',
    'x-amz-server-side-encryption-customer-algorithm',
    'x-amz-storage-class',
    'x-amz-website-redirect-location',
  ].map((name) => `s3:${name}`),
)

const requestTag = 's3:requestobjecttag/'
const principalTag = 'aws:principaltag/'
const awsRequestTag = 'aws:requesttag/'
const resourceTag = 'aws:resourcetag/'
const iamResourceTag = 'iam:resourcetag/'

function header({ context }: AskedContext, name: string): string | undefined {
  const value = context.headers[name]
  return Array.isArray(value) ? value.join(',') : value
}

function sessionOf(identity: Identity): Session | undefined {
  return identity.is === 'user' ? identity.session : undefined
}

function accountOf(identity: Identity): string | undefined {
  return identity.is === 'anonymous' ? undefined : accountId(identity.tenantId)
}

function requestTags({ resource }: AskedContext): readonly Tag[] | undefined {
  return resource.is === 'object' ? resource.requestTags : undefined
}

/** Of a connection that is gone, it may not be known: whoever asks for it is to have it, or nothing. */
function sourceIp({ context }: AskedContext): string {
  const address = context.sourceIp()
  if (address === undefined) throw new S3Error('AccessDenied')
  return address
}

/** `bucket/key`, decoded: headers may spell it in many ways. */
function copySource({ context }: AskedContext): string | undefined {
  const { headers } = context
  if (context.copySource !== undefined) return context.copySource
  if (headers['x-amz-copy-source'] === undefined) return undefined
  try {
    const { bucketName, key } = parseCopySource(headers)
    return `${bucketName}/${key}`
  } catch {
    // The operation refuses it.
    return undefined
  }
}

/**
 * Keys of conditions come in lower case, and so find tags in any. Of two that differ in nothing else, the one that is meant is
 * not known: throws `AccessDenied`.
 */
function tagValue(tags: readonly Tag[] | undefined, key: string, before: string): Value {
  const name = key.slice(before.length)
  const found = (tags ?? []).filter((tag) => lowerAscii(tag.key) === name)
  if (found.length > 1) throw new S3Error('AccessDenied')
  return found[0]?.value
}

const authTypes = { header: 'REST-HEADER', presigned: 'REST-QUERY-STRING', form: 'POST' } as const

function authType({ context }: AskedContext): Value {
  const signature = context.signature()
  return signature && authTypes[signature.by]
}

function signatureVersion({ context }: AskedContext): Value {
  switch (context.signature()?.version) {
    case 4:
      return 'AWS4-HMAC-SHA256'
    case 2:
      return 'AWS'
    default:
      return undefined
  }
}

/** Milliseconds since a URL was signed. Signature Version 2 does not tell. */
function signatureAge({ context }: AskedContext): Value {
  const signature = context.signature()
  if (signature?.by !== 'presigned' || signature.version !== 4) return undefined
  const signedMs = parseAmzDate(context.query.get('X-Amz-Date') ?? '')
  return signedMs === undefined ? undefined : String(Math.max(0, context.now() - signedMs))
}

/** Whether a policy may ask for it: of the keys of S3, those that this server knows. */
export function isKnownKey(key: string): boolean {
  if (!key.startsWith('s3:')) return true
  return (
    Object.hasOwn(keys, key) ||
    headersOfS3.has(key) ||
    key.startsWith(existingTag) ||
    key.startsWith(requestTag)
  )
}
