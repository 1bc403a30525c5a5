// Reads the XML bodies of requests into a plain tree, without interpreting values (`007` stays text,
// spaces stay). No DTD, no entities but XML's own five and character references.
import { isUtf8 } from 'node:buffer'
import { XMLParser, XMLValidator } from 'fast-xml-parser'
import { S3Error } from '../s3-error.ts'

/** An element: its name without a prefix, its text, and its children in order. */
export type XmlElement = {
  readonly name: string
  readonly text: string
  readonly children: readonly XmlElement[]
}

const depthMax = 16

const parser = new XMLParser({
  preserveOrder: true,
  ignoreAttributes: true,
  ignoreDeclaration: true,
  ignorePiTags: true,
  parseTagValue: false,
  trimValues: false,
  processEntities: false,
  removeNSPrefix: true,
  cdataPropName: '#cdata',
})

/** Parses a document whose root is `root`. Throws `MalformedXML` for anything else. */
export function readXml(body: Buffer, root: string): XmlElement {
  // Bytes that are not UTF-8 would turn into U+FFFD, and name another key.
  if (!isUtf8(body)) throw new S3Error('MalformedXML')
  const text = body.toString('utf8')
  if (/<!(DOCTYPE|ENTITY)/i.test(text)) throw new S3Error('MalformedXML')
  if (XMLValidator.validate(text) !== true) throw new S3Error('MalformedXML')
  const roots = elementsOf(parseTree(text), 1)
  const only = roots[0]
  if (roots.length !== 1 || only === undefined || only.name !== root)
    throw new S3Error('MalformedXML')
  return only
}

function parseTree(text: string): unknown {
  try {
    return parser.parse(text)
  } catch (cause) {
    throw new S3Error('MalformedXML', {}, { cause })
  }
}

function elementsOf(nodes: unknown, depth: number): XmlElement[] {
  if (depth > depthMax || !Array.isArray(nodes)) throw new S3Error('MalformedXML')
  const elements: XmlElement[] = []
  for (const node of nodes) {
    for (const [name, content] of Object.entries(node)) {
      if (name === '#text' || name === '#cdata' || name === ':@') continue
      const children = elementsOf(content, depth + 1)
      elements.push({ name, children, text: children.length === 0 ? textOf(content) : '' })
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

const named: ReadonlyMap<string, string> = new Map([
  ['amp', '&'],
  ['lt', '<'],
  ['gt', '>'],
  ['quot', '"'],
  ['apos', "'"],
])

function unescapeXml(text: string): string {
  if (!text.includes('&')) return text
  return text.replace(/&([^;&]{0,16});?/g, (whole, body: string) => {
    const character = whole.endsWith(';') ? entity(body) : undefined
    if (character === undefined) throw new S3Error('MalformedXML')
    return character
  })
}

function entity(body: string): string | undefined {
  const reference = /^#(?:x([0-9a-f]+)|([0-9]+))$/i.exec(body)
  if (!reference) return named.get(body)
  const code = reference[1]
    ? Number.parseInt(reference[1], 16)
    : Number.parseInt(reference[2] ?? '', 10)
  const legal = code > 0 && code <= 0x10ffff && !(code >= 0xd800 && code <= 0xdfff)
  return legal ? String.fromCodePoint(code) : undefined
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
