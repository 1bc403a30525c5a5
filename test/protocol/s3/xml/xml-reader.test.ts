import { equal, throws } from 'uvu/assert'
import { S3Error } from '../../../../protocol/s3/s3-error.ts'
import { childOf, readXml, requiredText } from '../../../../protocol/s3/xml/xml-reader.ts'
import { describe } from '../../../support/describe.ts'

function keyIn(inner: string): string {
  return requiredText(readXml(Buffer.from(`<Object><Key>${inner}</Key></Object>`), 'Object'), 'Key')
}

function refuses(document: string | Buffer): void {
  throws(
    () => readXml(Buffer.from(document), 'Object'),
    (cause: unknown) => cause instanceof S3Error && cause.code === 'MalformedXML',
  )
}

describe('reading XML', (test) => {
  test('values stay text: leading zeros, spaces and numbers are kept', () => {
    equal(keyIn('007'), '007')
    equal(keyIn('  a b '), '  a b ')
    equal(keyIn('1e5'), '1e5')
    equal(keyIn('true'), 'true')
  })

  test("XML's own entities and character references are resolved, once", () => {
    equal(keyIn('a&amp;lt;&lt;&#x41;&#66;&apos;&quot;&gt;'), `a&lt;<AB'">`)
  })

  test('what stands in CDATA is taken as it is', () => {
    equal(keyIn('<![CDATA[a&amp;b<c>]]>'), 'a&amp;b<c>')
    equal(keyIn('x<![CDATA[&]]>y&amp;z'), 'x&y&z')
  })

  test('names of the prototype are no entities', () => {
    for (const name of ['constructor', '__proto__', 'toString', 'nbsp', '']) {
      refuses(`<Object><Key>&${name};</Key></Object>`)
    }
  })

  test('references to no character are refused', () => {
    for (const reference of ['&#0;', '&#xd800;', '&#x110000;', '&#99999999999;', '&amp', '& ']) {
      refuses(`<Object><Key>${reference}</Key></Object>`)
    }
  })

  test('bytes that are not UTF-8 are refused', () => {
    refuses(
      Buffer.concat([
        Buffer.from('<Object><Key>'),
        Buffer.of(0xff),
        Buffer.from('</Key></Object>'),
      ]),
    )
  })

  test('document types and entity declarations are refused', () => {
    refuses('<!DOCTYPE Object [<!ENTITY a "b">]><Object><Key>&a;</Key></Object>')
    refuses('<!doctype x><Object><Key>k</Key></Object>')
  })

  test('truncated, doubled, mixed up or too deep documents are refused', () => {
    refuses('')
    refuses('<Object><Key>k</Key>')
    refuses('<Object/><Object/>')
    refuses('<Other/>')
    refuses(`<Object>${'<a>'.repeat(40)}${'</a>'.repeat(40)}</Object>`)
  })

  test('a namespace, with or without a prefix, makes no difference', () => {
    const root = readXml(
      Buffer.from(
        '<s:Object xmlns:s="http://s3.amazonaws.com/doc/2006-03-01/"><s:Key>k</s:Key></s:Object>',
      ),
      'Object',
    )
    equal(childOf(root, 'Key')?.text, 'k')
  })

  test('a child that is doubled or missing is refused where one is required', () => {
    throws(() => requiredText(readXml(Buffer.from('<Object/>'), 'Object'), 'Key'))
    throws(() => keyIn('a</Key><Key>b'))
  })
})
