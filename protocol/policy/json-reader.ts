// JSON as policies need it read: a name that is there twice is refused, since readers differ in which of
// the two counts; an error names line and column; depth is bounded. https://www.rfc-editor.org/rfc/rfc8259
import { PolicyRefused } from './policy-refused.ts'

/** As written, so that no digit is lost. */
export type JsonNumber = { readonly raw: string }
export type JsonObject = ReadonlyMap<string, JsonValue>
export type JsonValue = string | boolean | null | JsonNumber | readonly JsonValue[] | JsonObject

const depthMax = 16

/** Throws `PolicyRefused` with the reason `json`. Bytes must be UTF-8 without a byte order mark. */
export function readJson(source: string | Uint8Array): JsonValue {
  const text = typeof source === 'string' ? source : decode(source)
  const reader = new JsonReader(text)
  const value = reader.value(0)
  reader.end()
  return value
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch (cause) {
    if (!(cause instanceof TypeError)) throw cause
    throw new PolicyRefused({ reason: 'json', place: '', problem: 'the document is not UTF-8' })
  }
}

const space = /[ \t\r\n]*/y
const plainText = /[^"\\\x00-\x1f]*/y
const number = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y
const word = /true|false|null/y
const fourHex = /[0-9a-fA-F]{4}/y
const loneSurrogate = /\p{Surrogate}/u
const escapes: ReadonlyMap<string, string> = new Map([
  ['"', '"'],
  ['\\', '\\'],
  ['/', '/'],
  ['b', '\b'],
  ['f', '\f'],
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
])
const words: ReadonlyMap<string, boolean | null> = new Map<string, boolean | null>([
  ['true', true],
  ['false', false],
  ['null', null],
])

class JsonReader {
  readonly #text: string
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  value(depth: number): JsonValue {
    this.#take(space)
    if (depth > depthMax) throw this.#refused(`nested deeper than ${depthMax} levels`)
    switch (this.#text[this.#at]) {
      case '{':
        return this.#object(depth)
      case '[':
        return this.#array(depth)
      case '"':
        return this.#string()
      default:
        return this.#scalar()
    }
  }

  end(): void {
    this.#take(space)
    if (this.#at < this.#text.length) throw this.#refused('text after the end of the document')
  }

  #object(depth: number): JsonObject {
    const entries = new Map<string, JsonValue>()
    this.#at += 1
    this.#take(space)
    if (this.#skip('}')) return entries
    for (;;) {
      this.#take(space)
      if (this.#text[this.#at] !== '"') throw this.#refused('the name of a member is expected')
      const begin = this.#at
      const name = this.#string()
      if (entries.has(name)) {
        this.#at = begin
        throw this.#refused(`${JSON.stringify(name)} is there twice`)
      }
      this.#take(space)
      if (!this.#skip(':')) throw this.#refused('":" is expected')
      entries.set(name, this.value(depth + 1))
      this.#take(space)
      if (this.#skip('}')) return entries
      if (!this.#skip(',')) throw this.#refused('"," or "}" is expected')
    }
  }

  #array(depth: number): readonly JsonValue[] {
    const values: JsonValue[] = []
    this.#at += 1
    this.#take(space)
    if (this.#skip(']')) return values
    for (;;) {
      values.push(this.value(depth + 1))
      this.#take(space)
      if (this.#skip(']')) return values
      if (!this.#skip(',')) throw this.#refused('"," or "]" is expected')
    }
  }

  #string(): string {
    const begin = this.#at
    this.#at += 1
    let value = this.#take(plainText)
    while (!this.#skip('"')) {
      if (!this.#skip('\\')) {
        const ended = this.#at >= this.#text.length
        throw this.#refused(ended ? 'a string has no end' : 'a control character in a string')
      }
      value += this.#escape()
      value += this.#take(plainText)
    }
    if (loneSurrogate.test(value)) {
      this.#at = begin
      throw this.#refused('a string with half a surrogate pair')
    }
    return value
  }

  #escape(): string {
    const letter = this.#text[this.#at] ?? ''
    this.#at += 1
    const plain = escapes.get(letter)
    if (plain !== undefined) return plain
    const hex = letter === 'u' ? this.#take(fourHex) : ''
    if (hex === '') {
      this.#at -= 1
      throw this.#refused('an escape that JSON does not have')
    }
    return String.fromCharCode(Number.parseInt(hex, 16))
  }

  #scalar(): JsonValue {
    const known = words.get(this.#take(word))
    if (known !== undefined) return known
    const raw = this.#take(number)
    if (raw !== '') return { raw }
    const ended = this.#at >= this.#text.length
    throw this.#refused(ended ? 'the document has no end' : 'a value is expected')
  }

  #take(sticky: RegExp): string {
    sticky.lastIndex = this.#at
    const taken = sticky.exec(this.#text)?.[0] ?? ''
    this.#at += taken.length
    return taken
  }

  #skip(character: string): boolean {
    if (this.#text[this.#at] !== character) return false
    this.#at += 1
    return true
  }

  #refused(problem: string): PolicyRefused {
    const before = this.#text.slice(0, this.#at)
    const line = before.split('\n').length
    const column = this.#at - before.lastIndexOf('\n')
    return new PolicyRefused({ reason: 'json', place: `line ${line}, column ${column}`, problem })
  }
}
