// Distinguished names made comparable: an operator writes them as he likes, and directories answer them as they do.
// https://www.rfc-editor.org/rfc/rfc4514

/** Blanks around separators, the case of letters, the order of the parts of one step and the way of escaping do not count. */
export function comparableDn(dn: string): string {
  return splitUnescaped(dn, ',;')
    .map((step) => splitUnescaped(step, '+').map(comparablePart).sort().join('+'))
    .join(',')
}

function comparablePart(part: string): string {
  const [name = '', ...rest] = splitUnescaped(part, '=')
  const value = unescaped(trimmed(rest.join('='))).replace(/\s+/g, ' ')
  return `${name.trim().toLowerCase()}=${JSON.stringify(value.toLowerCase())}`
}

/** At characters that stand by themselves. Pieces are as they were written. */
function splitUnescaped(text: string, separators: string): readonly string[] {
  const pieces: string[] = []
  let from = 0
  for (let at = 0; at < text.length; at += 1) {
    if (text[at] === '\\') at += 1
    else if (separators.includes(text[at] ?? '')) {
      pieces.push(text.slice(from, at))
      from = at + 1
    }
  }
  return [...pieces, text.slice(from)]
}

/** Without blanks at the ends, but for one that is escaped. */
function trimmed(value: string): string {
  const from = value.trimStart()
  return /\\\s*$/.test(from) ? `${from.trimEnd()} ` : from.trimEnd()
}

/** `\2C` and `\,` are both a comma; pairs of hex digits are bytes of UTF-8. */
function unescaped(value: string): string {
  return value.replace(
    /((?:\\[0-9a-fA-F]{2})+)|\\(.)/gs,
    (_, bytes?: string, character?: string) =>
      bytes === undefined
        ? (character ?? '')
        : Buffer.from(bytes.replaceAll('\\', ''), 'hex').toString('utf8'),
  )
}
