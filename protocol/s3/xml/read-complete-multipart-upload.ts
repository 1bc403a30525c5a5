// The body of CompleteMultipartUpload: which parts make the object.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_CompleteMultipartUpload.html
import { type ChecksumAlgorithm, checksumAlgorithms } from '../checksums/checksum-algorithm.ts'
import { partNumberMax } from '../limits.ts'
import { S3Error } from '../s3-error.ts'
import { childOf, readXml, requiredText, type XmlElement } from './xml-reader.ts'

/** A part as the client names it. */
export type NamedPart = {
  readonly number: number
  /** Without quotes. */
  readonly etag: string
  /** Base64, as given. */
  readonly checksums: Readonly<Partial<Record<ChecksumAlgorithm, string>>>
}

/**
 * The parts in the order given, at least one. Throws `MalformedXML`, `InvalidArgument` for a part
 * number below 1, and `NotImplemented` for a checksum of an algorithm unknown here.
 */
export function readCompleteMultipartUpload(body: Buffer): readonly NamedPart[] {
  const root = readXml(body, 'CompleteMultipartUpload')
  if (root.children.length === 0 || root.children.length > partNumberMax) {
    throw new S3Error('MalformedXML')
  }
  return root.children.map(readPart)
}

function readPart(part: XmlElement): NamedPart {
  if (part.name !== 'Part') throw new S3Error('MalformedXML')
  const etag = requiredText(part, 'ETag').trim()
  if (etag === '') throw new S3Error('MalformedXML')
  return {
    number: readNumber(requiredText(part, 'PartNumber').trim()),
    etag: etag.replace(/^"(.*)"$/, '$1'),
    checksums: readChecksums(part),
  }
}

function readNumber(raw: string): number {
  if (!/^-?\d{1,10}$/.test(raw)) throw new S3Error('MalformedXML')
  const number = Number(raw)
  if (number >= 1) return number
  throw new S3Error(
    'InvalidArgument',
    { ArgumentName: 'partNumber', ArgumentValue: raw },
    { message: 'PartNumber must be >= 1' },
  )
}

const checksumElements: ReadonlySet<string> = new Set(
  checksumAlgorithms.map((algorithm) => `Checksum${algorithm}`),
)

/** Throws `NotImplemented` for one that cannot be compared here: its sender relies on it. */
function readChecksums(part: XmlElement): NamedPart['checksums'] {
  for (const { name } of part.children) {
    if (!name.startsWith('Checksum') || checksumElements.has(name)) continue
    throw new S3Error('NotImplemented', {}, { message: `Not implemented: ${name}` })
  }
  const checksums: Partial<Record<ChecksumAlgorithm, string>> = {}
  for (const algorithm of checksumAlgorithms) {
    const value = childOf(part, `Checksum${algorithm}`)?.text.trim()
    if (value !== undefined && value !== '') checksums[algorithm] = value
  }
  return checksums
}
