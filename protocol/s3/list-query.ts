// The query parameters of ListObjects, ListObjectsV2 and ListObjectVersions, and what they share with
// ListMultipartUploads.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html
import { type ListPosition, parseContinuationToken } from './continuation-token.ts'
import { type CountRule, parseCount } from './count-parameter.ts'
import { keyBytesMax, listKeysMax } from './limits.ts'
import type { Query } from './request-target.ts'
import { S3Error } from './s3-error.ts'
import { type EncodingType, parseEncodingType } from './url-encoding.ts'
import { parseVersionId, type VersionIdText } from './version-id.ts'

/** What every listing of a bucket takes. */
export type ListScope = {
  readonly prefix: string
  /** Never empty: S3 takes an empty delimiter for none. */
  readonly delimiter: string | undefined
  readonly encodingType: EncodingType | undefined
}

export type ListObjectsQuery = ListScope & {
  readonly maxKeys: number
  readonly marker: string
  readonly after: ListPosition | undefined
}

export type ListObjectsV2Query = ListScope & {
  readonly maxKeys: number
  /** As sent, for the echo. */
  readonly continuationToken: string | undefined
  /** As sent, too: with a token, that one says where the page begins. */
  readonly startAfter: string | undefined
  readonly after: ListPosition | undefined
  readonly fetchOwner: boolean
}

export type ListVersionsQuery = ListScope & {
  readonly maxKeys: number
  readonly keyMarker: string
  readonly versionIdMarker: string
  readonly after: ListPosition | undefined
  readonly afterVersionId: VersionIdText | 'null' | undefined
}

const maxKeysRule: CountRule = {
  name: 'max-keys',
  absent: listKeysMax,
  max: listKeysMax,
  argumentName: 'maxKeys',
}

/** Throws `InvalidArgument`, as the other parsers here do. */
export function parseListScope(query: Query): ListScope {
  return {
    prefix: query.get('prefix') ?? '',
    delimiter: query.get('delimiter') || undefined,
    encodingType: parseEncodingType(query.get('encoding-type')),
  }
}

export function parseListObjectsQuery(query: Query): ListObjectsQuery {
  const scope = parseListScope(query)
  const marker = query.get('marker') ?? ''
  return {
    ...scope,
    maxKeys: parseCount(query, maxKeysRule),
    marker,
    after: positionAfter(marker, scope),
  }
}

export function parseListObjectsV2Query(query: Query): ListObjectsV2Query {
  const scope = parseListScope(query)
  const token = query.get('continuation-token')
  const startAfter = query.get('start-after') || undefined
  return {
    ...scope,
    maxKeys: parseCount(query, maxKeysRule),
    continuationToken: token,
    startAfter,
    after:
      token === undefined
        ? positionAfter(startAfter ?? '', scope)
        : parseContinuationToken('objects', token),
    fetchOwner: parseFetchOwner(query.get('fetch-owner')),
  }
}

export function parseListVersionsQuery(query: Query): ListVersionsQuery {
  const scope = parseListScope(query)
  const keyMarker = query.get('key-marker') ?? ''
  const versionIdMarker = query.get('version-id-marker') ?? ''
  if (keyMarker === '' && versionIdMarker !== '') {
    throw new S3Error(
      'InvalidArgument',
      { ArgumentName: 'version-id-marker', ArgumentValue: versionIdMarker },
      { message: 'A version-id marker cannot be specified without a key marker.' },
    )
  }
  const after = positionAfter(keyMarker, scope)
  const marked =
    versionIdMarker === '' ? undefined : parseVersionId(versionIdMarker, 'version-id-marker')
  return {
    ...scope,
    maxKeys: parseCount(query, {
      ...maxKeysRule,
      argumentName: 'max-keys',
      negativeMessage: 'max-keys cannot be negative',
    }),
    keyMarker,
    versionIdMarker,
    after,
    // There is no version to go on from behind a whole group, and none of a key that cannot be.
    afterVersionId: after === undefined || !canBeKey(after) ? undefined : marked,
  }
}

function canBeKey(position: ListPosition): boolean {
  return !position.group && Buffer.byteLength(position.key) <= keyBytesMax
}

/**
 * Where a listing goes on after a marker; from the start for an empty one. S3 leaves out common
 * prefixes that are not greater than the marker, so a marker within a group passes over all of it.
 */
export function positionAfter(
  marker: string,
  scope: Pick<ListScope, 'prefix' | 'delimiter'>,
): ListPosition | undefined {
  if (marker === '') return undefined
  const { prefix, delimiter } = scope
  if (delimiter !== undefined && marker.startsWith(prefix)) {
    const at = marker.indexOf(delimiter, prefix.length)
    if (at !== -1) return { key: marker.slice(0, at + delimiter.length), group: true }
  }
  return { key: marker, group: false }
}

/** The position behind the last entry of a page. */
export function positionBehind(
  entry: { readonly is: 'prefix'; readonly prefix: string } | { readonly key: string },
): ListPosition {
  return 'prefix' in entry ? { key: entry.prefix, group: true } : { key: entry.key, group: false }
}

/** Letter case does not matter. Empty: as absent. */
function parseFetchOwner(raw: string | undefined): boolean {
  const value = raw?.toLowerCase()
  if (value === 'true') return true
  if (value === undefined || value === '' || value === 'false') return false
  throw new S3Error('InvalidArgument', {
    ArgumentName: 'fetch-owner',
    ArgumentValue: raw ?? '',
  })
}
