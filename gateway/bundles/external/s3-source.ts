// An object of another S3 server as an entry of a bundle: it is fetched like any https URL, presigned with
// the credentials of the request. They are used at once, and neither stored nor logged.
import { S3Error } from '../../../protocol/s3/s3-error.ts'
import { presignUrl } from '../../../protocol/s3/sigv4/sign-request.ts'
import { SigningKeyCache } from '../../../protocol/s3/sigv4/signing-keys.ts'
import type { JsonObject } from '../../http/json-body.ts'
import { fetchMsMax } from './external-limits.ts'

const regionSyntax = /^[a-z0-9-]{1,64}$/

export type S3Source = { readonly url: URL; readonly key: string }

/** Throws `MalformedJSON` and `InvalidArgument`. */
export function parseS3Source(source: JsonObject, nowMs: number): S3Source {
  const region = source.optionalText('region') ?? 'us-east-1'
  const endpoint = source.optionalText('endpoint') ?? `https://s3.${region}.amazonaws.com`
  const bucket = source.text('bucket')
  const key = source.text('key')
  const versionId = source.optionalText('versionId')
  const token = source.optionalText('sessionToken')
  const credentials = {
    accessKeyId: source.text('accessKeyId'),
    secretAccessKey: source.text('secretAccessKey'),
    region,
  }
  source.end()
  if (!regionSyntax.test(region) || bucket === '' || bucket.includes('/') || key === '') {
    throw invalid(source, 'names no object')
  }
  const path = [bucket, ...key.split('/')].map(encodeURIComponent).join('/')
  const presigned = presignUrl(
    {
      method: 'GET',
      origin: parseOrigin(source, endpoint),
      path: `/${path}`,
      query: {
        ...(versionId === undefined ? {} : { versionId }),
        ...(token === undefined ? {} : { 'X-Amz-Security-Token': token }),
      },
      expiresSeconds: fetchMsMax / 1000,
    },
    // Each source may have credentials of its own: nothing is worth keeping.
    { credentials, signingKeys: new SigningKeyCache({ entriesMax: 1 }), nowMs },
  )
  if (new URL(presigned).pathname !== `/${path}`.replace(/[!'()*]/g, escapeAsSigned)) {
    // `.` and `..` would be taken for steps on the way.
    throw invalid(source, 'has a key that no URL can name')
  }
  return { url: new URL(presigned), key }
}

function escapeAsSigned(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase()}`
}

function parseOrigin(source: JsonObject, endpoint: string): string {
  const url = URL.canParse(endpoint) ? new URL(endpoint) : undefined
  const isPlain = url?.protocol === 'https:' && url.pathname === '/' && url.search === ''
  if (url === undefined || !isPlain) throw invalid(source, 'has an endpoint that is no https URL')
  return url.origin
}

function invalid(source: JsonObject, what: string): S3Error {
  const message = `${source.place} ${what}.`
  return new S3Error('InvalidArgument', { ArgumentName: 's3' }, { message })
}
