// The body of DeleteObjects. https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html
import { type EtagList, parseEtagList } from '../etag.ts'
import { parseHttpDate } from '../http-date.ts'
import { deleteKeysMax } from '../limits.ts'
import { S3Error } from '../s3-error.ts'
import {
  optionalText,
  readXml,
  refuseOtherChildren,
  requireBody,
  requiredText,
  type XmlElement,
} from './xml-reader.ts'

export type ObjectToDelete = {
  readonly key: string
  /** As sent, not checked: a version id that cannot be, such as an empty one, is this entry's error alone. */
  readonly versionId: string | undefined
  readonly condition: DeleteCondition | undefined
}

/** Fits `WriteCondition` of the metadata store. */
export type DeleteCondition = {
  readonly ifMatch?: EtagList
  /** Milliseconds, to be compared by whole seconds. */
  readonly ifModifiedAtMs?: number
  /** Bytes. */
  readonly ifSize?: number
}

export type DeleteObjectsRequest = {
  readonly objects: readonly ObjectToDelete[]
  /** Only errors are to be reported. */
  readonly quiet: boolean
}

/** Throws `MissingRequestBodyError`, and `MalformedXML` also for no object or over `deleteKeysMax`. */
export function readDeleteObjects(body: Buffer): DeleteObjectsRequest {
  const root = readXml(requireBody(body), 'Delete')
  refuseOtherChildren(root, ['Object', 'Quiet'])
  const objects = root.children.filter((child) => child.name === 'Object').map(readObject)
  if (objects.length === 0 || objects.length > deleteKeysMax) throw new S3Error('MalformedXML')
  return { objects, quiet: parseBoolean(optionalText(root, 'Quiet')) }
}

const objectElements = ['Key', 'VersionId', 'ETag', 'LastModifiedTime', 'Size']

// What is not known here could be a condition, or the name of a version misspelt: without it, more would be
// deleted than was meant.
function readObject(element: XmlElement): ObjectToDelete {
  refuseOtherChildren(element, objectElements)
  const key = requiredText(element, 'Key')
  if (key === '') throw new S3Error('MalformedXML')
  return {
    key,
    versionId: optionalText(element, 'VersionId'),
    condition: readCondition(element),
  }
}

function readCondition(element: XmlElement): DeleteCondition | undefined {
  const etag = optionalText(element, 'ETag')
  const modified = optionalText(element, 'LastModifiedTime')
  const size = optionalText(element, 'Size')
  if (etag === undefined && modified === undefined && size === undefined) return undefined
  return {
    ...(etag === undefined ? {} : { ifMatch: parseEtagList(etag) }),
    ...(modified === undefined ? {} : { ifModifiedAtMs: parseTime(modified) }),
    ...(size === undefined ? {} : { ifSize: parseSize(size) }),
  }
}

function parseTime(raw: string): number {
  const ms = parseHttpDate(raw)
  if (ms === undefined) throw new S3Error('MalformedXML')
  return ms
}

function parseSize(raw: string): number {
  if (!/^\d{1,15}$/.test(raw)) throw new S3Error('MalformedXML')
  return Number(raw)
}

// The lexical forms of xs:boolean.
function parseBoolean(raw: string | undefined): boolean {
  switch (raw?.trim().toLowerCase()) {
    case 'true':
    case '1':
      return true
    case undefined:
    case '':
    case 'false':
    case '0':
      return false
    default:
      throw new S3Error('MalformedXML')
  }
}
