// What somebody meant who has mistyped a word.

/** The word that takes the fewest changed, missing, doubled or swapped letters: one for each three. */
export function nearestWord(typed: string, words: Iterable<string>): string | undefined {
  const typedLower = typed.toLowerCase()
  let nearest: { readonly word: string; readonly distance: number } | undefined
  for (const word of words) {
    const distance = editDistance(typedLower, word)
    if (distance > Math.max(1, Math.floor(word.length / 3))) continue
    if (nearest === undefined || distance < nearest.distance) nearest = { word, distance }
  }
  return nearest?.word
}

const lettersMax = 64

/** Optimal string alignment: a swap of neighbours counts once. */
function editDistance(a: string, b: string): number {
  if (a.length > lettersMax || b.length > lettersMax) return lettersMax
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, column) => column)]
  const at = (row: number, column: number) => rows[row]?.[column] ?? 0
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i]
    rows.push(row)
    for (let j = 1; j <= b.length; j += 1) {
      const changed = at(i - 1, j - 1) + (a[i - 1] === b[j - 1] ? 0 : 1)
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
      row.push(
        Math.min(
          changed,
          at(i - 1, j) + 1,
          at(i, j - 1) + 1,
          swapped ? at(i - 2, j - 2) + 1 : lettersMax,
        ),
      )
    }
  }
  return at(a.length, b.length)
}
