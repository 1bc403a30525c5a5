// The answer of ListMultipartUploads.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListMultipartUploads.html
import { isoTime } from '../iso-time.ts'
import type { ListUploadsQuery } from '../list-uploads-query.ts'
import type { UploadChecksum } from '../multipart-checksum.ts'
import {
  type CommonPrefix,
  commonPrefixElements,
  type KeyText,
  keyElement,
  keyText,
  type Owner,
  ownerElement,
  ownerOfEntry,
} from './listing-elements.ts'
import { element, parent, s3Document } from './xml-writer.ts'

export type ListedUpload = {
  readonly is: 'upload'
  readonly key: string
  readonly uploadId: string
  readonly initiatedMs: number
  readonly storageClass: string
  /** Of the object that it becomes: a canonical user id. Absent: that of the page. */
  readonly owner?: string | undefined
  readonly checksum?: UploadChecksum
}

export type UploadPage = {
  readonly bucketName: string
  readonly owner: Owner
  readonly entries: readonly (ListedUpload | CommonPrefix)[]
  readonly isTruncated: boolean
}

export function renderListMultipartUploads(page: UploadPage, query: ListUploadsQuery): string {
  const text = keyText(query.encodingType)
  const uploads = page.entries.filter((entry) => entry.is === 'upload')
  const prefixes = page.entries.filter((entry) => entry.is === 'prefix')
  return s3Document(
    'ListMultipartUploadsResult',
    element('Bucket', page.bucketName),
    keyElement('KeyMarker', query.keyMarker, text),
    element('UploadIdMarker', query.uploadIdMarker),
    page.isTruncated ? nextMarkers(page.entries.at(-1), text) : '',
    keyElement('Prefix', query.prefix, text),
    keyElement('Delimiter', query.delimiter, text),
    element('EncodingType', query.encodingType),
    element('MaxUploads', query.maxUploads),
    element('IsTruncated', page.isTruncated),
    ...uploads.map((upload) => uploadElement(upload, page.owner, text)),
    commonPrefixElements(prefixes, text),
  )
}

function nextMarkers(last: ListedUpload | CommonPrefix | undefined, text: KeyText): string {
  if (last === undefined) return ''
  return last.is === 'prefix'
    ? keyElement('NextKeyMarker', last.prefix, text) + element('NextUploadIdMarker', '')
    : keyElement('NextKeyMarker', last.key, text) + element('NextUploadIdMarker', last.uploadId)
}

function uploadElement(upload: ListedUpload, owner: Owner, text: KeyText): string {
  return parent(
    'Upload',
    keyElement('Key', upload.key, text),
    element('UploadId', upload.uploadId),
    initiatorElement(upload.owner === undefined ? owner : { id: upload.owner }),
    ownerOfEntry(upload.owner, ownerElement(owner)),
    element('StorageClass', upload.storageClass),
    element('Initiated', isoTime(upload.initiatedMs)),
    element('ChecksumAlgorithm', upload.checksum?.algorithm),
    element('ChecksumType', upload.checksum?.type),
  )
}

/** Uploads are shown as initiated by whoever will own the object. */
export function initiatorElement(owner: Owner): string {
  return parent('Initiator', element('ID', owner.id), element('DisplayName', owner.displayName))
}
