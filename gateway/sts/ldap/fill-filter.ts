// Filters of an operator with a user's name in them. Whatever the name is, it stays a value of the filter.
// https://www.rfc-editor.org/rfc/rfc4515#section-3

export type FilterValues = {
  /** For `%s`. */
  readonly name: string
  /** For `%d`. */
  readonly dn?: string
}

export function fillFilter(filter: string, { name, dn }: FilterValues): string {
  return filter.replace(/%[sd]/g, (mark) => escapeValue(mark === '%s' ? name : (dn ?? '')))
}

/**
 * Of ASCII, all but letters and digits is written as its byte: then nothing has a meaning of its own. What is not ASCII has none,
 * and the client that reads the filter takes escaped bytes for characters.
 */
function escapeValue(value: string): string {
  return value.replace(/[\x00-\x7f]/g, (character) =>
    /[A-Za-z0-9]/.test(character)
      ? character
      : `\\${character.charCodeAt(0).toString(16).padStart(2, '0')}`,
  )
}
