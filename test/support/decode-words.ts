// Reads encoded words as clients do, strictly: https://www.rfc-editor.org/rfc/rfc2047
import assert from 'node:assert'

const word = /^=\?([!-~]+)\?([BQ])\?([!->@-~]*)\?=$/i

/** Of words with nothing but a space between them. */
export function decodeWords(value: string): string {
  return value.split(' ').map(decodeWord).join('')
}

function decodeWord(text: string): string {
  const [, charset = '', encoding = '', content = ''] = word.exec(text) ?? []
  assert.equal(charset, 'UTF-8', `an encoded word: ${text}`)
  assert.ok(text.length <= 75, `a word of ${text.length} characters`)
  const bytes =
    encoding === 'B' ? Buffer.from(content, 'base64') : Buffer.from(unquote(content), 'latin1')
  return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
}

function unquote(content: string): string {
  return content
    .replaceAll('_', ' ')
    .replace(/=([0-9A-F]{2})/g, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)))
}
