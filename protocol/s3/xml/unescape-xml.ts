// Resolves XML's own five entities and character references in text, once.
import { S3Error } from '../s3-error.ts'

const named: ReadonlyMap<string, string> = new Map([
  ['amp', '&'],
  ['lt', '<'],
  ['gt', '>'],
  ['quot', '"'],
  ['apos', "'"],
])

/** `&#x10FFFF;` with some zeros to spare. */
const nameCharactersMax = 16

/** Throws `MalformedXML` for an ampersand that begins nothing known. */
export function unescapeXml(text: string): string {
  let ampersand = text.indexOf('&')
  if (ampersand < 0) return text
  let done = ''
  let from = 0
  while (ampersand >= 0) {
    const name = entityName(text, ampersand + 1)
    const character = named.get(name) ?? referenced(name)
    if (character === undefined) throw new S3Error('MalformedXML')
    done += text.slice(from, ampersand) + character
    from = ampersand + name.length + 2
    ampersand = text.indexOf('&', from)
  }
  return done + text.slice(from)
}

/** What stands up to the semicolon; empty when it is not near. */
function entityName(text: string, from: number): string {
  const semicolon = text.slice(from, from + nameCharactersMax + 1).indexOf(';')
  return semicolon < 0 ? '' : text.slice(from, from + semicolon)
}

const decimal = /^#[0-9]+$/
const hexadecimal = /^#x[0-9a-f]+$/i

function referenced(name: string): string | undefined {
  if (decimal.test(name)) return character(Number.parseInt(name.slice(1), 10))
  if (hexadecimal.test(name)) return character(Number.parseInt(name.slice(2), 16))
  return undefined
}

function character(code: number): string | undefined {
  const isLegal = code > 0 && code <= 0x10ffff && !(code >= 0xd800 && code <= 0xdfff)
  return isLegal ? String.fromCodePoint(code) : undefined
}
