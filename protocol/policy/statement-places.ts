// Where in the text of a policy its statements begin and end, for people who look for the one that has decided.
// https://docs.aws.amazon.com/IAM/latest/APIReference/API_Statement.html

/** Lines from 1. Columns as the simulator of AWS counts them: the first character of a line is in column 2. */
export type TextPosition = { readonly line: number; readonly column: number }
export type StatementPlace = { readonly start: TextPosition; readonly end: TextPosition }

type Span = { readonly from: number; readonly to: number }

const token = /"(?:[^"\\]|\\.)*"|[{}[\]]/g

/** Of each statement, in their order. The text has been parsed as a policy before. */
export function placeStatements(text: string): readonly StatementPlace[] {
  const positionAt = positionsIn(text)
  return spansOf(text).map(({ from, to }) => ({ start: positionAt(from), end: positionAt(to) }))
}

/** Brackets and names, and no more: what lies in strings does not count. */
function spansOf(text: string): readonly Span[] {
  const spans: Span[] = []
  let depth = 0
  let inStatements = false
  /** The depth at which an object is a statement: one more where they are in an array. */
  let statementDepth = 0
  let from = 0
  for (const { 0: found, index } of text.matchAll(token)) {
    if (found.startsWith('"')) {
      // At this depth, only a name or the value of `Version` and `Id` are strings.
      if (depth === 1 && !inStatements) inStatements = isStatementName(text, { found, index })
      continue
    }
    if (found === '{' || found === '[') {
      depth += 1
      if (!inStatements) continue
      if (depth === 2) statementDepth = found === '[' ? 3 : 2
      if (depth === statementDepth) from = index
      continue
    }
    if (inStatements && depth === statementDepth && found === '}') spans.push({ from, to: index })
    depth -= 1
    if (inStatements && depth === 1) return spans
  }
  return spans
}

const colon = /[ \t\r\n]*:/y

function isStatementName(
  text: string,
  { found, index }: { readonly found: string; readonly index: number },
): boolean {
  colon.lastIndex = index + found.length
  return colon.test(text) && JSON.parse(found) === 'Statement'
}

/** Is to be asked from the beginning to the end. */
function positionsIn(text: string): (at: number) => TextPosition {
  let line = 1
  let lineStart = 0
  return (at) => {
    for (;;) {
      const next = text.indexOf('\n', lineStart)
      if (next < 0 || next >= at) return { line, column: at - lineStart + 2 }
      line += 1
      lineStart = next + 1
    }
  }
}
