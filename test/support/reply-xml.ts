// Reads the XML of replies, for tests that ask what it says and not how it is written.
import assert from 'node:assert'
import type { Reply } from '../../gateway/reply.ts'
import { readXml, type XmlElement } from '../../protocol/s3/xml/xml-reader.ts'
import { bodyOfReply, headerOf } from './gateway-harness.ts'

/** The root of a reply's document; fails unless it is XML with that root. */
export async function xmlOf(reply: Reply, root: string): Promise<XmlElement> {
  assert.equal(reply.status, 200)
  assert.equal(headerOf(reply, 'Content-Type'), 'application/xml')
  return readXml(await bodyOfReply(reply), root)
}

export function childrenOf(element: XmlElement, name: string): readonly XmlElement[] {
  return element.children.filter((child) => child.name === name)
}

/** The text of the first child of that name, if any. */
export function textOf(element: XmlElement, name: string): string | undefined {
  return childrenOf(element, name)[0]?.text
}

/** The text of `inner` in every child called `name`. */
export function textsOf(element: XmlElement, name: string, inner: string): readonly string[] {
  return childrenOf(element, name).map((child) => textOf(child, inner) ?? '')
}
