// Writes the head of a reply. What is stored has passed one rule on its way in (`header-text.ts`); should a
// record hold what no header can all the same, its object can still be read.
import type { ServerResponse } from 'node:http'
import { isHeaderName, isHeaderValue } from '../../protocol/s3/header-text.ts'

/** Name, value, name, value, …; answers the list as it was written. */
export function writeHead(
  outgoing: ServerResponse,
  status: number,
  flat: string[],
): readonly string[] {
  try {
    outgoing.writeHead(status, flat)
    return flat
  } catch (cause) {
    // Node checks before it keeps anything of the head.
    const kept = servable(flat)
    if (kept.length === flat.length) throw cause
    outgoing.writeHead(status, kept)
    return kept
  }
}

function servable(flat: readonly string[]): string[] {
  const kept: string[] = []
  for (let at = 0; at + 1 < flat.length; at += 2) {
    const [name = '', value = ''] = flat.slice(at, at + 2)
    if (isHeaderName(name) && isHeaderValue(value)) kept.push(name, value)
  }
  return kept
}
