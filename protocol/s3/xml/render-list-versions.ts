// The answer of ListObjectVersions.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectVersions.html
import type { ListVersionsQuery } from '../list-query.ts'
import {
  type CommonPrefix,
  commonPrefixElements,
  type KeyText,
  keyElement,
  keyText,
  type ListedData,
  makeDataElements,
  makeLastModifiedElement,
  type Owner,
  ownerElement,
  ownerOfEntry,
  pageElements,
} from './listing-elements.ts'
import { element, s3Document } from './xml-writer.ts'

export type ListedVersion = {
  readonly key: string
  readonly versionId: string
  readonly isLatest: boolean
  /** Milliseconds since 1970. */
  readonly modifiedMs: number
  readonly storageClass: string
  /** Canonical user id. Absent: that of the page. */
  readonly owner?: string | undefined
} & (({ readonly is: 'object' } & ListedData) | { readonly is: 'deleteMarker' })

/** One page as the store gave it: by key, newest version first. */
export type VersionPage = {
  readonly bucketName: string
  readonly entries: readonly (ListedVersion | CommonPrefix)[]
  readonly isTruncated: boolean
  readonly owner: Owner
}

export function renderListVersions(page: VersionPage, query: ListVersionsQuery): string {
  const text = keyText(query.encodingType)
  return s3Document(
    'ListVersionsResult',
    element('Name', page.bucketName),
    keyElement('Prefix', query.prefix, text),
    keyElement('KeyMarker', query.keyMarker, text),
    element('VersionIdMarker', query.versionIdMarker),
    nextMarkers(page, text),
    pageElements({ ...query, isTruncated: page.isTruncated }, text),
    entryElements(page.entries, text, ownerElement(page.owner)),
  )
}

function nextMarkers(page: VersionPage, text: KeyText): string {
  const last = page.entries.at(-1)
  if (!page.isTruncated || last === undefined) return ''
  if (last.is === 'prefix') return keyElement('NextKeyMarker', last.prefix, text)
  return (
    keyElement('NextKeyMarker', last.key, text) + element('NextVersionIdMarker', last.versionId)
  )
}

function entryElements(entries: VersionPage['entries'], text: KeyText, owner: string): string {
  const versionElement = makeVersionElement(text, owner)
  const prefixes: CommonPrefix[] = []
  let markup = ''
  for (const entry of entries) {
    if (entry.is === 'prefix') prefixes.push(entry)
    else markup += versionElement(entry)
  }
  return markup + commonPrefixElements(prefixes, text)
}

function makeVersionElement(text: KeyText, owner: string): (version: ListedVersion) => string {
  const dataElements = makeDataElements()
  const lastModifiedElement = makeLastModifiedElement()
  return (version) => {
    const { versionId, isLatest } = version
    const named = `<Key>${text(version.key)}</Key><VersionId>${versionId}</VersionId><IsLatest>${isLatest}</IsLatest>`
    if (version.is === 'deleteMarker') {
      return `<DeleteMarker>${named}${lastModifiedElement(version.modifiedMs)}${owner}</DeleteMarker>`
    }
    return `<Version>${named}${dataElements(version)}${ownerOfEntry(version.owner, owner)}<StorageClass>${version.storageClass}</StorageClass></Version>`
  }
}
