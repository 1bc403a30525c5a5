// Text beyond ASCII in headers that clients read as ASCII: encoded words.
// https://www.rfc-editor.org/rfc/rfc2047
const wordCharactersMax = 75
const contentMax = wordCharactersMax - '=?UTF-8?Q?'.length - '?='.length
const base64BytesMax = Math.floor(contentMax / 4) * 3

/** What the Q encoding may leave as it is. */
const plain = /^[!-<>@-^`-~]$/
/** Neither printed nor typed: S3 writes text that has them in the B encoding. */
const unprintable = /[\u0080-\u009f\ufffd]/

/**
 * Words that decode to `text`, with a space in between where one cannot hold it. Mostly ASCII text stays
 * legible, as with S3; else Base64 is shorter.
 */
export function encodeWords(text: string): string {
  const characters = [...text]
  const beyond = characters.filter((character) => character > '\x7f').length
  const isLegible = beyond * 2 < characters.length && !unprintable.test(text)
  return isLegible ? quotedWords(characters) : base64Words(characters)
}

function quotedWords(characters: readonly string[]): string {
  const words: string[] = []
  let content = ''
  for (const character of characters) {
    const quoted = quote(character)
    if (content.length + quoted.length > contentMax) {
      words.push(content)
      content = ''
    }
    content += quoted
  }
  words.push(content)
  return words.map((word) => `=?UTF-8?Q?${word}?=`).join(' ')
}

function quote(character: string): string {
  if (character === ' ') return '_'
  if (plain.test(character)) return character
  let quoted = ''
  for (const byte of Buffer.from(character)) {
    quoted += `=${byte.toString(16).toUpperCase().padStart(2, '0')}`
  }
  return quoted
}

/** A character is never cut in two: each word must be whole by itself. */
function base64Words(characters: readonly string[]): string {
  const words: string[] = []
  let content = ''
  let bytes = 0
  for (const character of characters) {
    const length = Buffer.byteLength(character)
    if (bytes + length > base64BytesMax) {
      words.push(content)
      content = ''
      bytes = 0
    }
    content += character
    bytes += length
  }
  words.push(content)
  return words.map((word) => `=?UTF-8?B?${Buffer.from(word).toString('base64')}?=`).join(' ')
}
