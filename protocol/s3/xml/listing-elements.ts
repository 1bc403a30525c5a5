// What the listings of a bucket have in common: the text of keys, the elements of an entry, the common
// prefixes. Entries are put together by hand: a page has a thousand of them.
import { isoTime, makeIsoTime } from '../iso-time.ts'
import { type EncodingType, urlEncode } from '../url-encoding.ts'
import { element, escapeXml } from './xml-writer.ts'

/** A canonical user. `id` is 64 hex digits; what somebody is called besides is told to those who know him. */
export type Owner = { readonly id: string; readonly displayName?: string | undefined }

export type CommonPrefix = { readonly is: 'prefix'; readonly prefix: string }

/** What an entry says of an object's data. `etag` without quotes; `size` in bytes. */
export type ListedData = {
  /** Milliseconds since 1970. */
  readonly modifiedMs: number
  readonly etag: string
  readonly size: number
  readonly checksum?: { readonly algorithm: string; readonly type: string }
}

/** Writes keys, prefixes, delimiters and markers: as they are, or URL-encoded. */
export type KeyText = (key: string) => string

/** The markup for keys under an `encoding-type`. URL-encoded text needs no escaping. */
export function keyText(encodingType: EncodingType | undefined): KeyText {
  return encodingType === 'url' ? urlEncode : escapeXml
}

/** `<name>` around a key; nothing at all for `undefined`. */
export function keyElement(name: string, key: string | undefined, text: KeyText): string {
  return key === undefined ? '' : `<${name}>${text(key)}</${name}>`
}

export function ownerElement({ id, displayName }: Owner): string {
  const name =
    displayName === undefined ? '' : `<DisplayName>${escapeXml(displayName)}</DisplayName>`
  return `<Owner><ID>${id}</ID>${name}</Owner>`
}

/** Of an entry that is another's than the rest of its page, whose owner's element is `common`. */
export function ownerOfEntry(owner: string | undefined, common: string): string {
  return owner === undefined || common === '' ? common : ownerElement({ id: owner })
}

/**
 * Makes the writer of the times, ETags, checksums and sizes of one page, in S3's order. It remembers
 * what most entries of a page have in common.
 */
export function makeDataElements(): (data: ListedData) => string {
  const time = makeLastModifiedElement()
  let checksum: ListedData['checksum']
  let checksumMarkup = ''
  return (data) => {
    if (
      data.checksum?.algorithm !== checksum?.algorithm ||
      data.checksum?.type !== checksum?.type
    ) {
      checksum = data.checksum
      checksumMarkup = checksumElements(checksum)
    }
    return `${time(data.modifiedMs)}<ETag>&quot;${data.etag}&quot;</ETag>${checksumMarkup}<Size>${data.size}</Size>`
  }
}

export function lastModifiedElement(modifiedMs: number): string {
  return `<LastModified>${isoTime(modifiedMs)}</LastModified>`
}

/** `lastModifiedElement` for many entries. */
export function makeLastModifiedElement(): (modifiedMs: number) => string {
  const time = makeIsoTime()
  return (modifiedMs) => `<LastModified>${time(modifiedMs)}</LastModified>`
}

function checksumElements(checksum: ListedData['checksum']): string {
  if (checksum === undefined) return ''
  const { algorithm, type } = checksum
  return `<ChecksumAlgorithm>${algorithm}</ChecksumAlgorithm><ChecksumType>${type}</ChecksumType>`
}

/** The elements that echo a page's limits, in S3's order. */
export function pageElements(
  page: {
    readonly maxKeys: number
    readonly delimiter: string | undefined
    readonly encodingType: EncodingType | undefined
    readonly isTruncated: boolean
  },
  text: KeyText,
): string {
  return (
    element('MaxKeys', page.maxKeys) +
    keyElement('Delimiter', page.delimiter, text) +
    element('EncodingType', page.encodingType) +
    element('IsTruncated', page.isTruncated)
  )
}

/** S3 writes the common prefixes of a page behind all its other entries. */
export function commonPrefixElements(prefixes: readonly CommonPrefix[], text: KeyText): string {
  let markup = ''
  for (const { prefix } of prefixes) {
    markup += `<CommonPrefixes><Prefix>${text(prefix)}</Prefix></CommonPrefixes>`
  }
  return markup
}
