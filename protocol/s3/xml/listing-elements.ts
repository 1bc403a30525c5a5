// What the listings of a bucket have in common: the text of keys, the elements of an entry, the common
// prefixes. Entries are put together by hand: a page has a thousand of them.
import { isoTime } from '../iso-time.ts'
import { type EncodingType, urlEncode } from '../url-encoding.ts'
import { element, escapeXml } from './xml-writer.ts'

/** A canonical user. `id` is 64 hex digits. */
export type Owner = { readonly id: string; readonly displayName: string }

export type CommonPrefix = { readonly is: 'prefix'; readonly prefix: string }

/** What an entry says of an object's data. `etag` without quotes; `size` in bytes. */
export type ListedData = {
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

export function ownerElement(owner: Owner): string {
  const name = escapeXml(owner.displayName)
  return `<Owner><ID>${owner.id}</ID><DisplayName>${name}</DisplayName></Owner>`
}

export function lastModifiedElement(modifiedMs: number): string {
  return `<LastModified>${isoTime(modifiedMs)}</LastModified>`
}

/** ETag, checksum and size, in S3's order. */
export function dataElements(data: ListedData): string {
  const { checksum } = data
  const checksumMarkup =
    checksum === undefined
      ? ''
      : `<ChecksumAlgorithm>${checksum.algorithm}</ChecksumAlgorithm><ChecksumType>${checksum.type}</ChecksumType>`
  return `<ETag>&quot;${data.etag}&quot;</ETag>${checksumMarkup}<Size>${data.size}</Size>`
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
