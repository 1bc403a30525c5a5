// A checksum as the elements that several answers hold: `ChecksumCRC32`, …, `ChecksumType`.
import type { ShownChecksum } from '../checksum-headers.ts'
import { element } from './xml-writer.ts'

/** Nothing at all without a checksum. */
export function checksumElements(checksum: ShownChecksum | undefined): string {
  if (checksum === undefined) return ''
  return (
    element(`Checksum${checksum.algorithm}`, checksum.value) +
    element('ChecksumType', checksum.type)
  )
}
