// Reads the XML bodies of requests into a plain tree, without interpreting values (`007` stays text,
// spaces stay). What is XML here is said in `xml-parser.ts`.
import { isUtf8 } from 'node:buffer'
import { S3Error } from '../s3-error.ts'
import { parseXml, type XmlElement } from './xml-parser.ts'

export type { XmlElement } from './xml-parser.ts'

/** Parses a document whose root is `root`. Throws `MalformedXML` for anything else. */
export function readXml(body: Buffer, root: string): XmlElement {
  // Bytes that are not UTF-8 would turn into U+FFFD, and name another key.
  if (!isUtf8(body)) throw new S3Error('MalformedXML')
  const element = parseXml(body.toString('utf8'))
  if (element.name !== root) throw new S3Error('MalformedXML')
  return element
}

/** The only child of that name, if any. Throws `MalformedXML` when there are several. */
export function childOf(parent: XmlElement, name: string): XmlElement | undefined {
  const found = parent.children.filter((child) => child.name === name)
  if (found.length > 1) throw new S3Error('MalformedXML')
  return found[0]
}

/** The text of the only child of that name. Throws `MalformedXML` when it is missing or doubled. */
export function requiredText(parent: XmlElement, name: string): string {
  const child = childOf(parent, name)
  if (child === undefined || child.children.length > 0) throw new S3Error('MalformedXML')
  return child.text
}
