// Bodies that are nested without end: what reads them, and writes them down again, goes into them level by level.
import { AdminProblem } from './problem.ts'

/** More than any policy has. */
const depthMax = 64
const [quote, backslash] = [0x22, 0x5c]
const opening: ReadonlySet<number> = new Set([0x5b, 0x7b])
const closing: ReadonlySet<number> = new Set([0x5d, 0x7d])

/** Of JSON, or of what is none. Throws `InvalidRequest`. */
export function requireShallow(body: Uint8Array): void {
  let depth = 0
  let isInText = false
  for (let at = 0; at < body.length; at += 1) {
    const byte = body[at] ?? 0
    if (isInText) {
      if (byte === backslash) at += 1
      else if (byte === quote) isInText = false
    } else if (byte === quote) isInText = true
    else if (closing.has(byte)) depth -= 1
    else if (opening.has(byte)) {
      depth += 1
      if (depth > depthMax) throw tooDeep()
    }
  }
}

function tooDeep(): AdminProblem {
  const problem = `is nested deeper than ${depthMax} levels`
  return new AdminProblem('InvalidRequest', { invalid: [{ field: 'body', problem }] })
}
