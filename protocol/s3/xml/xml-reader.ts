// Reads the XML bodies of requests into a plain tree, without interpreting values (`007` stays text,
// spaces stay). No DTD, no entities but XML's own five and character references. Bounds are looked at before
// anything is parsed: parsing costs microseconds an element, and anybody may send documents.
import { isUtf8 } from 'node:buffer'
import { XMLParser, XMLValidator } from 'fast-xml-parser'
import { S3Error } from '../s3-error.ts'
import { unescapeXml } from './unescape-xml.ts'

/** An element: its name without a prefix, its text, and its children in order. */
export type XmlElement = {
  readonly name: string
  /** Empty when there are children: what stands between them means nothing. */
  readonly text: string
  readonly children: readonly XmlElement[]
  /** Its attribute `xsi:type`, where the document was read by `readTypedXml`. */
  readonly type?: string
}

const depthMax = 16
const declaration = /<!(DOCTYPE|ENTITY)/i

const options = {
  preserveOrder: true,
  ignoreAttributes: true,
  ignoreDeclaration: true,
  ignorePiTags: true,
  parseTagValue: false,
  trimValues: false,
  processEntities: false,
  removeNSPrefix: true,
  cdataPropName: '#cdata',
}
const parser = new XMLParser(options)
const typedParser = new XMLParser({ ...options, ignoreAttributes: false })

/** Parses a document whose root is `root`. Throws `MalformedXML` for anything else. */
export function readXml(body: Buffer, root: string): XmlElement {
  return readBy(parser, body, root)
}

/** The same, of a document whose elements are of types: they are told by attributes, which mean nothing elsewhere. */
export function readTypedXml(body: Buffer, root: string): XmlElement {
  return readBy(typedParser, body, root)
}

function readBy(by: XMLParser, body: Buffer, root: string): XmlElement {
  // Bytes that are not UTF-8 would turn into U+FFFD, and name another key.
  if (!isUtf8(body)) throw new S3Error('MalformedXML')
  const document = withoutMark(body.toString('utf8'))
  checkXmlBounds(document)
  if (declaration.test(document)) throw new S3Error('MalformedXML')
  const roots = elementsOf(parseTree(by, document), 1)
  const [only] = roots
  if (only === undefined || roots.length > 1 || only.name !== root) {
    throw new S3Error('MalformedXML')
  }
  return only
}

function withoutMark(document: string): string {
  return document.startsWith('\ufeff') ? document.slice(1) : document
}

function parseTree(by: XMLParser, document: string): unknown {
  try {
    if (XMLValidator.validate(document) === true) return by.parse(document)
  } catch (cause) {
    throw new S3Error('MalformedXML', {}, { cause })
  }
  throw new S3Error('MalformedXML')
}

function elementsOf(nodes: unknown, depth: number): XmlElement[] {
  if (depth > depthMax || !Array.isArray(nodes)) throw new S3Error('MalformedXML')
  const elements: XmlElement[] = []
  for (const node of nodes) {
    for (const [name, content] of Object.entries(node)) {
      if (name === '#text' || name === '#cdata' || name === ':@') continue
      const children = elementsOf(content, depth + 1)
      const text = children.length === 0 ? textOf(content) : ''
      const type = node[':@']?.['@_type']
      elements.push(type === undefined ? { name, children, text } : { name, children, text, type })
    }
  }
  return elements
}

function textOf(content: unknown): string {
  if (!Array.isArray(content)) return ''
  return content
    .map((node) => literalText(node['#cdata']) + unescapeXml(String(node['#text'] ?? '')))
    .join('')
}

/** What stands in CDATA sections is text as it is. */
function literalText(section: unknown): string {
  return Array.isArray(section) ? section.map((node) => String(node['#text'] ?? '')).join('') : ''
}

/**
 * Throws `MalformedXML` when there are other children than those: what is not known could be what the client
 * meant, misspelt or not.
 */
export function refuseOtherChildren(parent: XmlElement, names: readonly string[]): void {
  for (const child of parent.children) {
    if (!names.includes(child.name)) throw new S3Error('MalformedXML')
  }
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

/**
 * The text of the only child of that name, if there is one: empty text is not the same as none. Throws
 * `MalformedXML` when it is doubled or has children.
 */
export function optionalText(parent: XmlElement, name: string): string | undefined {
  return childOf(parent, name) === undefined ? undefined : requiredText(parent, name)
}

/** Angle brackets that open: ten thousand parts with a checksum each have 80,000. */
const tagsMax = 120_000
/** Characters from one angle bracket to the next: a key of 1,024 bytes, escaped, and far more. */
const runMax = 64 * 1024

/** What no request needs is refused. Throws `MalformedXML`. One pass, linear. */
function checkXmlBounds(document: string): void {
  let tags = 0
  let at = 0
  while (at < document.length) {
    const next = document.indexOf('<', at)
    const end = next < 0 ? document.length : next
    if (end - at > runMax) throw new S3Error('MalformedXML')
    if (next < 0) return
    tags += 1
    if (tags > tagsMax) throw new S3Error('MalformedXML')
    at = next + 1
  }
}

/**
 * Of operations whose whole request is a document. Returns the payload, or throws `MissingRequestBodyError` when
 * it is empty.
 */
export function requireBody(body: Buffer): Buffer {
  if (body.length === 0) throw new S3Error('MissingRequestBodyError')
  return body
}
