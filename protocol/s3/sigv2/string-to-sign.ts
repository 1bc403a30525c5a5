// The string that Signature Version 2 signs for a presigned URL: method, two positional headers, the time
// it expires, every `x-amz-` header, and the resource with the parameters that choose what is done to it.
// https://docs.aws.amazon.com/AmazonS3/latest/API/RESTAuthentication.html#ConstructingTheCanonicalizedResourceElement
import { overrides, subResources } from '../query-parameters.ts'
import type { Query } from '../request-target.ts'
import { type RequestHeaders, trimBlanks } from '../sigv4/request-headers.ts'

export type RequestV2 = {
  readonly method: string
  /** As it came. */
  readonly rawPath: string
  readonly query: Query
  readonly headers: RequestHeaders
  /** Of a virtual-host style request: the bucket its host names. */
  readonly hostedBucket: string | undefined
}

/** Parameters that are signed besides those that choose an operation. */
const signedParameters: ReadonlySet<string> = new Set([
  ...overrides,
  'defaultObjectAcl',
  'partNumber',
  'select-type',
  'storageClass',
  'versionId',
])

/** Whether the string holds a parameter of that name. */
export function isSignedParameter(name: string): boolean {
  return subResources.has(name) || signedParameters.has(name)
}

/**
 * Parameters that operations take and this version leaves out, as AWS does: which page of a listing is
 * shown, and of which keys. Whoever holds the URL of a listing may list the whole bucket.
 */
export const unsignedParameters: ReadonlySet<string> = new Set([
  'bucket-region',
  'continuation-token',
  'delimiter',
  'encoding-type',
  'fetch-owner',
  'key-marker',
  'list-type',
  'marker',
  'max-buckets',
  'max-keys',
  'max-parts',
  'max-uploads',
  'part-number-marker',
  'prefix',
  'start-after',
  'upload-id-marker',
  'version-id-marker',
])

/** Latin1: one character a byte. `expires` as it stands in the query. `path`: see `pathsOf`. */
export function stringToSignV2(
  request: RequestV2,
  expires: string,
  path = pathsOf(request)[0],
): string {
  const { method, headers } = request
  const md5 = trimBlanks(headers.get('content-md5') ?? '')
  const type = trimBlanks(headers.get('content-type') ?? '')
  return `${method}\n${md5}\n${type}\n${expires}\n${amzHeaders(request)}${resource(path, request.query)}`
}

/** The paths that may stand for the resource: clients sign that of a bucket with a slash or without. */
export function pathsOf({
  rawPath,
  hostedBucket,
}: RequestV2): readonly [asSent: string, ...others: string[]] {
  if (hostedBucket !== undefined) return [`/${hostedBucket}${rawPath}`]
  return rawPath.includes('/', 1) || rawPath === '/' ? [rawPath] : [rawPath, `${rawPath}/`]
}

// A client may put its `x-amz-` headers into the query of a URL for somebody else to use: they are signed
// as if they had been sent, and nobody can add one that was not.
function amzHeaders({ headers, query }: RequestV2): string {
  const values = new Map<string, string>()
  for (const parameter of query.parameters) {
    const name = parameter.name.toLowerCase()
    if (name.startsWith('x-amz-') && !values.has(name)) values.set(name, latin1(parameter.value))
  }
  for (const [name, value] of headers)
    if (name.startsWith('x-amz-')) values.set(name, trimBlanks(value))
  let text = ''
  for (const [name, value] of [...values].sort(byName)) text += `${latin1(name)}:${value}\n`
  return text
}

function resource(path: string, query: Query): string {
  const signed: [name: string, value: string][] = []
  for (const { name, value } of query.parameters) {
    if (isSignedParameter(name)) signed.push([name, value])
  }
  // `?acl` is signed without an equals sign, and the values of others decoded.
  const pairs = signed
    .sort(byName)
    .map(([name, value]) => (value === '' ? name : `${name}=${value}`))
  return pairs.length === 0 ? path : `${path}?${latin1(pairs.join('&'))}`
}

function byName(a: readonly [string, string], b: readonly [string, string]): number {
  if (a[0] === b[0]) return 0
  return a[0] < b[0] ? -1 : 1
}

/** The UTF-8 bytes of a text, a character each. */
function latin1(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1')
}
