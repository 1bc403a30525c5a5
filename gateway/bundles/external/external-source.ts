// Where an entry from elsewhere is to be had: a URL of https or http, or an object of another S3 server with the
// credentials to read it. Out of JSON, and into JSON that comes out the same; how it is called where
// people read it.
import { S3Error } from '../../../protocol/s3/s3-error.ts'
import type { JsonObject } from '../../native-api/json-body.ts'
import { sourceTextBytesMax } from './external-limits.ts'

export type UrlSource = { readonly is: 'url'; readonly url: URL }

export type S3Source = {
  readonly is: 's3'
  /** Of a server of one's own, addressed in path style. Absent: AWS's, of the region. */
  readonly endpoint?: URL
  readonly region: string
  readonly bucket: string
  readonly key: string
  readonly versionId?: string
  readonly credentials: {
    readonly accessKeyId: string
    readonly secretAccessKey: string
    readonly sessionToken?: string
  }
}

export type ExternalSource = UrlSource | S3Source

const regionSyntax = /^[a-z0-9-]{1,64}$/
/** Whether plain http may be asked, the setting says: see `permitSelections`. */
const protocols: ReadonlySet<string> = new Set(['https:', 'http:'])
const s3UrlSyntax = /^s3:\/\/([^/]*)\/(.*)$/s

/** Whether it is asked without TLS, to begin with. */
export function isPlain(source: ExternalSource): boolean {
  const url = source.is === 'url' ? source.url : source.endpoint
  return url?.protocol === 'http:'
}

/**
 * `{"url": "https://…"}`, `{"s3": {…}}`, or `{"url": "s3://bucket/key", "s3": {…}}` with the rest.
 * Throws `MalformedJSON` and `InvalidArgument`.
 */
export function parseSource(item: JsonObject): ExternalSource {
  const raw = item.has('url') ? sourceText(item, 'url') : undefined
  if (raw === undefined || s3UrlSyntax.test(raw)) return parseS3(item, raw)
  const url = URL.canParse(raw) ? new URL(raw) : undefined
  if (url !== undefined && protocols.has(url.protocol)) return { is: 'url', url }
  throw invalid('url', `${item.nameOf('url')} is no https URL, and no s3://bucket/key.`)
}

/** What `parseSource` makes the same source of. */
export function sourceJson(source: ExternalSource): Readonly<Record<string, unknown>> {
  if (source.is === 'url') return { url: source.url.href }
  const { is: _, credentials, endpoint, ...object } = source
  return {
    s3: {
      ...object,
      ...credentials,
      ...(endpoint === undefined ? {} : { endpoint: endpoint.href }),
    },
  }
}

/** Without what may be secret: the query of a URL may hold a signature. */
export function describeSource(source: ExternalSource): string {
  if (source.is === 'url') return `${source.url.origin}${source.url.pathname}`
  const place = source.endpoint === undefined ? '' : ` at ${source.endpoint.origin}`
  return `s3://${source.bucket}/${source.key}${place}`
}

function parseS3(item: JsonObject, url: string | undefined): S3Source {
  const fields = item.object('s3')
  const [, urlBucket, urlKey] = s3UrlSyntax.exec(url ?? '') ?? []
  const bucket = urlBucket ?? sourceText(fields, 'bucket')
  const key = urlKey ?? sourceText(fields, 'key')
  const region = optionalSourceText(fields, 'region') ?? 'us-east-1'
  const endpoint = parseEndpoint(fields)
  const versionId = optionalSourceText(fields, 'versionId')
  const sessionToken = optionalSourceText(fields, 'sessionToken')
  const source: S3Source = {
    is: 's3',
    region,
    bucket,
    key,
    credentials: {
      accessKeyId: sourceText(fields, 'accessKeyId'),
      secretAccessKey: sourceText(fields, 'secretAccessKey'),
      ...(sessionToken === undefined ? {} : { sessionToken }),
    },
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(versionId === undefined ? {} : { versionId }),
  }
  fields.end()
  if (regionSyntax.test(region) && bucket !== '' && !bucket.includes('/') && key !== '') {
    return source
  }
  throw invalid('s3', `${fields.place} names no object.`)
}

function parseEndpoint(fields: JsonObject): URL | undefined {
  const raw = optionalSourceText(fields, 'endpoint')
  if (raw === undefined) return undefined
  const url = URL.canParse(raw) ? new URL(raw) : undefined
  const isWhole = url !== undefined && url.href === `${url.protocol}//${url.host}/`
  if (isWhole && protocols.has(url.protocol)) return url
  throw invalid('s3', `${fields.place} has an endpoint that is no https URL of a server alone.`)
}

function sourceText(fields: JsonObject, name: string): string {
  const text = fields.text(name)
  if (Buffer.byteLength(text) <= sourceTextBytesMax) return text
  throw invalid(name, `${fields.nameOf(name)} has more than ${sourceTextBytesMax} bytes.`)
}

function optionalSourceText(fields: JsonObject, name: string): string | undefined {
  return fields.has(name) ? sourceText(fields, name) : undefined
}

function invalid(argument: string, message: string): S3Error {
  return new S3Error('InvalidArgument', { ArgumentName: argument }, { message })
}
