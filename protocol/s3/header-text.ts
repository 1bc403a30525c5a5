// What a header can hold: the one rule for everything that is stored to be sent in one later, whether it
// came as a header, in a query, or in the fields of a form. What passes here can always be served.
// https://www.rfc-editor.org/rfc/rfc9110#section-5.5
import { isUtf8 } from 'node:buffer'
import { S3Error } from './s3-error.ts'

const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/
const fieldValue = /^[\t\x20-\x7e\x80-\xff]*$/
const blanksAround = /^[ \t\r\n]+|[ \t\r\n]+$/g

/** A token of RFC 9110, at least one character. */
export function isHeaderName(name: string): boolean {
  return token.test(name)
}

/** Latin1 text (a character a byte) without control characters but the tab. */
export function isHeaderValue(text: string): boolean {
  return fieldValue.test(text)
}

/** `name` in lower case. Throws `InvalidArgument` when it is none, before letter cases are folded. */
export function parseHeaderName(name: string): string {
  if (isHeaderName(name)) return name.toLowerCase()
  throw new S3Error(
    'InvalidArgument',
    { ArgumentName: name },
    { message: `'${name}' is no name that a header can have.` },
  )
}

/** `value`, the latin1 text of the header `name`. Throws `InvalidArgument` for what no header holds. */
export function requireHeaderValue(name: string, value: string): string {
  if (isHeaderValue(value)) return value
  throw new S3Error(
    'InvalidArgument',
    { ArgumentName: name, ArgumentValue: latin1Text(value) },
    { message: `The value of ${name} has characters that no header can hold.` },
  )
}

/** What latin1 text of a header means: nearly everybody sends UTF-8; the rest is ISO-8859-1, as in S3. */
export function latin1Text(value: string): string {
  const bytes = Buffer.from(value, 'latin1')
  return isUtf8(bytes) ? bytes.toString('utf8') : value
}

/**
 * Text of a query or form as Node has the values of headers: its UTF-8, a character a byte, without the
 * blanks around it, which HTTP would drop on the way.
 */
export function toHeaderText(text: string): string {
  return Buffer.from(trimBlanks(text), 'utf8').toString('latin1')
}

export function trimBlanks(text: string): string {
  return text.replace(blanksAround, '')
}

const wide = /[\x80-\xff]/

/** Whether bytes beyond ASCII are among these latin1 texts. */
export function hasWideText(texts: readonly string[]): boolean {
  return texts.some((text) => wide.test(text))
}
