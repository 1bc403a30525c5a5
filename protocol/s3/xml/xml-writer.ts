// Writes S3's XML answers. A few concatenations are 5 to 20 times faster than a general builder, and
// listings are made of them.

export const xmlDeclaration = '<?xml version="1.0" encoding="UTF-8"?>\n'
export const s3Namespace = 'http://s3.amazonaws.com/doc/2006-03-01/'
export const controlNamespace = 'http://awss3control.amazonaws.com/doc/2018-08-20/'

const needsEscape = /[&<>"\r\n\t\u0000-\u001f\ufffe\uffff]/

/**
 * Escapes text for an element. Control characters that XML 1.0 cannot hold are written as character
 * references, as S3 does: strict parsers refuse them, which is what `encoding-type=url` is for.
 */
export function escapeXml(text: string): string {
  if (!needsEscape.test(text)) return text
  let escaped = ''
  for (const character of text) escaped += escapeCharacter(character)
  return escaped
}

function escapeCharacter(character: string): string {
  switch (character) {
    case '&':
      return '&amp;'
    case '<':
      return '&lt;'
    case '>':
      return '&gt;'
    case '"':
      return '&quot;'
    default: {
      const code = character.codePointAt(0) ?? 0
      return code < 0x20 || code === 0xfffe || code === 0xffff
        ? `&#x${code.toString(16)};`
        : character
    }
  }
}

/** `<name>escaped text</name>`; nothing at all for `undefined`. */
export function element(name: string, text: string | number | boolean | undefined): string {
  if (text === undefined) return ''
  return `<${name}>${typeof text === 'string' ? escapeXml(text) : text}</${name}>`
}

/** `<name>` around markup that is escaped already. */
export function parent(name: string, ...markup: readonly string[]): string {
  return `<${name}>${markup.join('')}</${name}>`
}

/** A whole document whose root carries S3's namespace. */
export function s3Document(root: string, ...markup: readonly string[]): string {
  return documentOf(s3Namespace, root, markup)
}

export function documentOf(namespace: string, root: string, markup: readonly string[]): string {
  return `${xmlDeclaration}<${root} xmlns="${namespace}">${markup.join('')}</${root}>`
}
