// Where an entry from elsewhere is to be had: a URL of https or http, or an object of another S3 server with the
// credentials to read it. Out of JSON, and into JSON that comes out the same; how it is called where
// people read it.
import type { Readable } from 'node:stream'
import { z } from 'zod'
import { boundedText, fields, refuseArgument } from '../../native-api/read-json.ts'
import { sourceTextBytesMax } from '../bundle-limits.ts'

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

/** Whether it is asked without TLS, to begin with. */
export function isPlain(source: ExternalSource): boolean {
  const url = source.is === 'url' ? source.url : source.endpoint
  return url?.protocol === 'http:'
}

/** What the schemas below make the same source of. */
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

/** Whether plain http may be asked, the setting says: see `permitSelections`. */
const protocols: ReadonlySet<string> = new Set(['https:', 'http:'])
const s3UrlSyntax = /^s3:\/\/([^/]*)\/(.*)$/s
const sourceText = boundedText(sourceTextBytesMax)

/** Whether `{"url": "s3://bucket/key", "s3": {…}}` names an object; else a URL names what it gives. */
export function isS3Url(url: unknown): boolean {
  return typeof url === 'string' && s3UrlSyntax.test(url)
}

/** `https://…` */
export const webUrl = sourceText.transform((raw, context): UrlSource => {
  const url = URL.canParse(raw) ? new URL(raw) : undefined
  if (url !== undefined && protocols.has(url.protocol)) return { is: 'url', url }
  refuseArgument(context, { message: 'is no https URL, and no s3://bucket/key.' })
  return z.NEVER
})

/** `s3://bucket/key` */
export const s3Url = sourceText.transform((raw) => {
  const [, bucket = '', key = ''] = s3UrlSyntax.exec(raw) ?? []
  return { bucket, key }
})

const endpoint = sourceText.transform((raw, context): URL => {
  const url = URL.canParse(raw) ? new URL(raw) : undefined
  const isWhole = url !== undefined && url.href === `${url.protocol}//${url.host}/`
  if (isWhole && protocols.has(url.protocol)) return url
  refuseArgument(context, { message: 'is no https URL of a server alone.' })
  return z.NEVER
})

const withoutObject = {
  endpoint: endpoint.optional(),
  region: sourceText.regex(/^[a-z0-9-]{1,64}$/, 'is no region.').default('us-east-1'),
  versionId: sourceText.optional(),
  accessKeyId: sourceText,
  secretAccessKey: sourceText,
  sessionToken: sourceText.optional(),
}

/** How to reach and read an object that a URL names. */
export const s3Access = fields(withoutObject)

/** With the object's name. */
export const s3Object = fields({ ...withoutObject, bucket: sourceText, key: sourceText })

type Access = z.output<typeof s3Access>
type ObjectName = { readonly bucket: string; readonly key: string }

export function s3Source(access: Access, { bucket, key }: ObjectName): S3Source {
  const { endpoint: server, region, versionId, sessionToken } = access
  const { accessKeyId, secretAccessKey } = access
  return {
    is: 's3',
    region,
    bucket,
    key,
    credentials: {
      accessKeyId,
      secretAccessKey,
      ...(sessionToken === undefined ? {} : { sessionToken }),
    },
    ...(server === undefined ? {} : { endpoint: server }),
    ...(versionId === undefined ? {} : { versionId }),
  }
}

/** Whether these can be a bucket and a key. */
export function namesObject({ bucket, key }: ObjectName): boolean {
  return bucket !== '' && !bucket.includes('/') && key !== ''
}

/** A source that has answered, whatever it is. */
export type OpenedSource = {
  /** To be destroyed by whoever has it. */
  readonly body: Readable
  /** As announced. */
  readonly bytes: number | undefined
  /** What the source says of its last change. */
  readonly modifiedMs: number | undefined
}
