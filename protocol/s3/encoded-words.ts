// Text beyond ASCII in headers that clients read as ASCII: encoded words, written and read.
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

const wordSyntax = /^=\?([^?*]+)(?:\*[^?]*)?\?([bq])\?([^?]*)\?=$/i
const blanks = /([ \t]+)/

type Word = { readonly charset: string; readonly bytes: Buffer }

/** Words of one charset, one after the other; `raw` as they came. */
type Run = { readonly charset: string; readonly bytes: Buffer[]; raw: string }

/**
 * `text` with the text that its encoded words stand for. Words stand alone between blanks, and blanks
 * between two of them say nothing. What is no word, or of a charset unknown here, stays as it is.
 */
export function decodeWords(text: string): string {
  let decoded = ''
  let run: Run | undefined
  // Tokens at even places, the blanks between them at odd ones.
  const pieces = text.split(blanks)
  for (let at = 0; at < pieces.length; at += 2) {
    const [before = '', token = ''] = [pieces[at - 1], pieces[at]]
    const word = parseWord(token)
    if (word !== undefined && run?.charset === word.charset) {
      // Not all clients keep to whole characters in each word.
      run.bytes.push(word.bytes)
      run.raw += before + token
      continue
    }
    const ended = run && decodeRun(run)
    decoded += ended ?? run?.raw ?? ''
    if (ended === undefined || word === undefined) decoded += before
    run = word && { charset: word.charset, bytes: [word.bytes], raw: token }
    if (word === undefined) decoded += token
  }
  return decoded + (run === undefined ? '' : (decodeRun(run) ?? run.raw))
}

/** Nothing for an unknown charset, and for bytes that it does not have. */
function decodeRun({ charset, bytes }: Run): string | undefined {
  try {
    const decoder = new TextDecoder(charset, { fatal: true, ignoreBOM: true })
    return decoder.decode(Buffer.concat(bytes))
  } catch {
    return undefined
  }
}

function parseWord(token: string): Word | undefined {
  const [, charset = '', encoding = '', content = ''] = wordSyntax.exec(token) ?? []
  if (charset === '') return undefined
  if (encoding.toLowerCase() === 'q')
    return { charset: charset.toLowerCase(), bytes: unquote(content) }
  if (!/^[a-z0-9+/]*={0,2}$/i.test(content)) return undefined
  return { charset: charset.toLowerCase(), bytes: Buffer.from(content, 'base64') }
}

function unquote(content: string): Buffer {
  const text = content
    .replaceAll('_', ' ')
    .replace(/=([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
  return Buffer.from(text, 'latin1')
}
