// Texts of others' in lines of ours: of bounded length, and with nothing in them that a reader could take for the
// end of a line.

/** At most so many UTF-16 units, and how many were cut off behind them. */
export function boundedText(text: string, unitsMax: number): string {
  if (text.length <= unitsMax) return text
  // No half of a pair is left at the end.
  const isPair = /[\ud800-\udbff]/.test(text.charAt(unitsMax - 1))
  const kept = text.slice(0, isPair ? unitsMax - 1 : unitsMax)
  return `${kept}…[+${text.length - kept.length}]`
}

/** What ends a line for some readers, or steers a terminal, and is left as it is by `JSON.stringify`. */
const unescaped = /[\u007f-\u009f\u2028\u2029]/g

/** One line of JSON, with its end. Control characters and halves of pairs are escaped. */
export function jsonLine(value: object): string {
  const json = JSON.stringify(value)
  return `${unescaped.test(json) ? json.replace(unescaped, escaped) : json}\n`
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
}
