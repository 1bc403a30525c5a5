// The answers of ListObjects and ListObjectsV2.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjects.html
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html
import type { ListObjectsQuery, ListObjectsV2Query } from '../list-query.ts'
import {
  type CommonPrefix,
  commonPrefixElements,
  type KeyText,
  keyElement,
  keyText,
  type ListedData,
  makeDataElements,
  type Owner,
  ownerElement,
  ownerOfEntry,
  pageElements,
} from './listing-elements.ts'
import { element, s3Document } from './xml-writer.ts'

export type ListedObject = ListedData & {
  readonly is: 'object'
  readonly key: string
  readonly storageClass: string
  /** Canonical user id. Absent: that of the page. */
  readonly owner?: string | undefined
}

/** One page as the store gave it, in key order. */
export type ObjectPage = {
  readonly bucketName: string
  readonly entries: readonly (ListedObject | CommonPrefix)[]
  readonly isTruncated: boolean
  readonly owner: Owner
}

export function renderListObjects(page: ObjectPage, query: ListObjectsQuery): string {
  const text = keyText(query.encodingType)
  const last = page.entries.at(-1)
  // S3 names the next marker only where the client could not: with a delimiter, the last entry may
  // be a common prefix.
  const named = page.isTruncated && query.delimiter !== undefined && last !== undefined
  const nextMarker = named ? (last.is === 'prefix' ? last.prefix : last.key) : undefined
  return s3Document(
    'ListBucketResult',
    element('Name', page.bucketName),
    keyElement('Prefix', query.prefix, text),
    keyElement('Marker', query.marker, text),
    keyElement('NextMarker', nextMarker, text),
    pageElements({ ...query, isTruncated: page.isTruncated }, text),
    entryElements(page.entries, text, ownerElement(page.owner)),
  )
}

/** `nextToken` goes with a truncated page. */
export function renderListObjectsV2(
  page: ObjectPage & { readonly nextToken: string | undefined },
  query: ListObjectsV2Query,
): string {
  const text = keyText(query.encodingType)
  return s3Document(
    'ListBucketResult',
    element('Name', page.bucketName),
    keyElement('Prefix', query.prefix, text),
    element('ContinuationToken', query.continuationToken),
    element('NextContinuationToken', page.nextToken),
    keyElement('StartAfter', query.startAfter, text),
    element('KeyCount', page.entries.length),
    pageElements({ ...query, isTruncated: page.isTruncated }, text),
    entryElements(page.entries, text, query.fetchOwner ? ownerElement(page.owner) : ''),
  )
}

function entryElements(entries: ObjectPage['entries'], text: KeyText, owner: string): string {
  const prefixes: CommonPrefix[] = []
  const dataElements = makeDataElements()
  let markup = ''
  for (const entry of entries) {
    if (entry.is === 'prefix') {
      prefixes.push(entry)
      continue
    }
    markup += `<Contents><Key>${text(entry.key)}</Key>${dataElements(entry)}${ownerOfEntry(entry.owner, owner)}<StorageClass>${entry.storageClass}</StorageClass></Contents>`
  }
  return markup + commonPrefixElements(prefixes, text)
}
