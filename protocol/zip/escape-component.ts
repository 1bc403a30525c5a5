// How one component of an object key is written in an archive: with `%` escapes for what a file system
// or an archiver could take amiss. Escaping can be undone (`entryKey`), so that no two components are
// ever written alike, whatever they hold, and nobody needs to remember names.
//
//   %41  a byte       %_  nothing: an empty component       %-/  nothing: the component goes on
//   %~   nothing: this is a file beside a folder of the same name

export type ComponentRules = {
  /** Also keeps to what Windows asks of names. */
  readonly windows: boolean
  /** The first component: nothing there may look like a drive. */
  readonly isFirst: boolean
  /** Another key differs in letter case only: nothing may be left to the case of letters. */
  readonly hasTwin: boolean
  readonly besideFolder: boolean
}

export const emptyMark = '%_'
export const goesOnMark = '%-'
export const besideFolderMark = '%~'

/** Bytes of a component that Linux, macOS and Windows take. */
export const componentBytesMax = 255

const plain = /^[A-Za-z0-9 !#$&'()+,.;=@[\]^_`{}-]+$/
// https://learn.microsoft.com/en-us/windows/win32/fileio/naming-a-file
const deviceName = /^(?:con|prn|aux|nul|conin\$|conout\$|clock\$|(?:com|lpt)[0-9¹²³]) *(?:\.|$)/i
const forbiddenOnWindows = /[<>:"|?*]/
/** What would read as an escape where it stands. */
const readsAsEscape = /[0-9A-Fa-f_~-]/

/** The component as it stands in an archive; one that is too long becomes several, with slashes. */
export function escapeComponent(component: string, rules: ComponentRules): string {
  if (isPlain(component, rules)) return component
  const tokens = tokensOf(component, rules)
  if (rules.besideFolder) tokens.push(besideFolderMark)
  const whole = tokens.join('')
  return Buffer.byteLength(whole) <= componentBytesMax ? whole : cut(tokens, rules)
}

function isPlain(component: string, rules: ComponentRules): boolean {
  if (rules.besideFolder || rules.hasTwin || component.length > componentBytesMax) return false
  if (!plain.test(component) || component.endsWith('.')) return false
  return !rules.windows || !(component.endsWith(' ') || deviceName.test(component))
}

/** Characters, each as it is or escaped. */
function tokensOf(component: string, rules: ComponentRules): string[] {
  if (component === '') return [emptyMark]
  const characters = [...component]
  const tokens = characters.map((character, at) =>
    mustEscape(characters, at, rules) ? escapeBytes(character) : character,
  )
  if (rules.windows && deviceName.test(component)) tokens[0] = escapeBytes(characters[0] ?? '')
  return tokens
}

function mustEscape(characters: readonly string[], at: number, rules: ComponentRules): boolean {
  const character = characters[at] ?? ''
  const next = characters[at + 1]
  const isLast = next === undefined
  if (isControl(character) || character === '\\') return true
  if (character === '%') return !isLast && readsAsEscape.test(next)
  if (character === '.') return isLast
  if (rules.isFirst && isDriveMark(characters, at)) return true
  if (rules.hasTwin && !/[a-z0-9 -@[-`{-~]/.test(character)) return true
  if (!rules.windows) return false
  if (character === ' ') return isLast
  // `LONGNA~1` may be the short name that Windows gives another file.
  if (character === '~') return !isLast && /[0-9]/.test(next)
  return forbiddenOnWindows.test(character)
}

/** The colon of `C:`. */
function isDriveMark(characters: readonly string[], at: number): boolean {
  return at === 1 && characters[1] === ':' && /[A-Za-z]/.test(characters[0] ?? '')
}

/** C0, DEL and C1. */
function isControl(character: string): boolean {
  const code = character.codePointAt(0) ?? 0
  return code < 0x20 || (code >= 0x7f && code < 0xa0)
}

function escapeBytes(character: string): string {
  let escaped = ''
  for (const byte of Buffer.from(character)) {
    escaped += `%${byte.toString(16).toUpperCase().padStart(2, '0')}`
  }
  return escaped
}

/** Cuts between tokens, and so that no piece but the first begins with the name of a device. */
function cut(tokens: readonly string[], rules: ComponentRules): string {
  const room = componentBytesMax - goesOnMark.length
  const pieces: string[] = []
  let rest = tokens
  while (Buffer.byteLength(rest.join('')) > componentBytesMax) {
    let count = fitting(rest, room)
    while (rules.windows && deviceName.test(rest.slice(count).join(''))) count -= 1
    pieces.push(rest.slice(0, count).join('') + goesOnMark)
    rest = rest.slice(count)
  }
  return [...pieces, rest.join('')].join('/')
}

/** How many of the tokens have `bytesMax` bytes together at most. */
function fitting(tokens: readonly string[], bytesMax: number): number {
  let bytes = 0
  for (const [count, token] of tokens.entries()) {
    bytes += Buffer.byteLength(token)
    if (bytes > bytesMax) return count
  }
  return tokens.length
}
