// Parses the small part of XML that requests are made of, strictly and in one pass: elements, attributes
// (checked and forgotten), text, CDATA, comments, instructions. No DTD, so no entities but XML's own five and
// character references. Documents come from anybody: what no request needs has a bound, and time is linear.
import { S3Error } from '../s3-error.ts'
import { unescapeXml } from './unescape-xml.ts'

/** An element: its name without a prefix, its text, and its children in order. */
export type XmlElement = {
  readonly name: string
  /** Empty when there are children: what stands between them means nothing. */
  readonly text: string
  readonly children: readonly XmlElement[]
}

const depthMax = 16
/** Ten thousand parts with all that S3 lets them hold. */
const elementsMax = 200_000
const attributesMax = 32
/** Characters from one angle bracket to the next: a key of 1,024 bytes, escaped, and far more. */
const runMax = 64 * 1024

const startTag = /<([A-Za-z_\x80-\uffff][A-Za-z0-9_.\-\x80-\uffff:]*)/y
const endTag = /<\/([^\s<>/]+)\s*>/y
const attribute =
  /\s+([A-Za-z_\x80-\uffff][A-Za-z0-9_.\-\x80-\uffff:]*)\s*=\s*(?:"[^"<]*"|'[^'<]*')/y
const tagClose = /\s*(\/?)>/y
const blank = /^\s*$/

type Open = { readonly tag: string; readonly children: XmlElement[]; text: string }

/** The root of the document. Throws `MalformedXML`. */
export function parseXml(document: string): XmlElement {
  return new DocumentParser(document).parse()
}

class DocumentParser {
  private readonly source: string
  private readonly open: Open[] = []
  private root: XmlElement | undefined
  private at = 0
  private elements = 0

  constructor(document: string) {
    const source = document.startsWith('\ufeff') ? document.slice(1) : document
    this.source = source.includes('\r') ? source.replaceAll(/\r\n?/g, '\n') : source
  }

  parse(): XmlElement {
    const { source } = this
    while (this.at < source.length) {
      const angle = source.indexOf('<', this.at)
      const end = angle < 0 ? source.length : angle
      if (end > this.at) this.takeText(source.slice(this.at, end))
      this.at = end
      if (angle >= 0) this.takeMarkup()
    }
    if (this.root === undefined || this.open.length > 0) throw malformed()
    return this.root
  }

  private takeText(text: string): void {
    if (text.length > runMax) throw malformed()
    const element = this.open.at(-1)
    if (element === undefined) {
      if (!blank.test(text)) throw malformed()
      return
    }
    const plain = unescapeXml(text)
    if (element.children.length === 0) element.text += plain
  }

  private takeMarkup(): void {
    const { source, at } = this
    if (source.startsWith('<!--', at)) this.skipTo('-->', 4)
    else if (source.startsWith('<?', at)) this.skipTo('?>', 2)
    else if (source.startsWith('<![CDATA[', at)) this.takeCdata()
    else if (source.startsWith('</', at)) this.endElement()
    else this.beginElement()
  }

  private skipTo(end: string, from: number): void {
    const found = this.source.indexOf(end, this.at + from)
    if (found < 0) throw malformed()
    this.at = found + end.length
  }

  private takeCdata(): void {
    const from = this.at + '<![CDATA['.length
    this.skipTo(']]>', '<![CDATA['.length)
    const element = this.open.at(-1)
    if (element === undefined) throw malformed()
    const text = this.source.slice(from, this.at - ']]>'.length)
    if (text.length > runMax) throw malformed()
    if (element.children.length === 0) element.text += text
  }

  private beginElement(): void {
    const tag = this.match(startTag)?.[1]
    if (tag === undefined || this.root !== undefined) throw malformed()
    this.elements += 1
    if (this.elements > elementsMax || this.open.length >= depthMax) throw malformed()
    this.skipAttributes()
    const close = this.match(tagClose)
    if (close === undefined) throw malformed()
    this.open.push({ tag, children: [], text: '' })
    if (close[1] === '/') this.close()
  }

  private skipAttributes(): void {
    const names = new Set<string>()
    for (let found = this.match(attribute); found !== undefined; found = this.match(attribute)) {
      const name = found[1] ?? ''
      if (names.has(name) || names.size === attributesMax) throw malformed()
      names.add(name)
    }
  }

  private endElement(): void {
    const tag = this.match(endTag)?.[1]
    if (tag === undefined || this.open.at(-1)?.tag !== tag) throw malformed()
    this.close()
  }

  private close(): void {
    const closed = this.open.pop()
    if (closed === undefined) throw malformed()
    const { tag, children } = closed
    const name = tag.slice(tag.indexOf(':') + 1)
    const element = { name, children, text: children.length === 0 ? closed.text : '' }
    const parent = this.open.at(-1)
    if (parent === undefined) this.root = element
    else parent.children.push(element)
  }

  /** Matches a sticky pattern here and goes behind it. */
  private match(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.at
    const found = pattern.exec(this.source)
    if (found === null) return undefined
    this.at = pattern.lastIndex
    return found
  }
}

function malformed(): S3Error {
  return new S3Error('MalformedXML')
}
