// The line before a chunk: `<size in hex>;chunk-signature=<64 hex digits>`.
import { putBytesMax } from '../limits.ts'

export type ChunkHeader = {
  readonly size: number
  /** As given, which may be anything. */
  readonly signature: string | undefined
}

const signatureName = 'chunk-signature='

/** `line` has no line end. Undefined when it is no chunk header or the chunk beyond 5 GiB. */
export function parseChunkHeader(line: string): ChunkHeader | undefined {
  const semicolon = line.indexOf(';')
  const size = parseHex(semicolon < 0 ? line : line.slice(0, semicolon))
  if (size < 0 || size > putBytesMax) return undefined
  let signature: string | undefined
  let from = semicolon
  while (from >= 0) {
    const next = line.indexOf(';', from + 1)
    const extension = line.slice(from + 1, next < 0 ? line.length : next)
    if (extension.startsWith(signatureName)) {
      if (signature !== undefined) return undefined
      signature = extension.slice(signatureName.length)
    }
    from = next
  }
  return { size, signature }
}

/** -1 unless `raw` is one to twelve hex digits. */
function parseHex(raw: string): number {
  if (raw.length === 0 || raw.length > 12) return -1
  let value = 0
  for (let at = 0; at < raw.length; at += 1) {
    const code = raw.charCodeAt(at)
    const letter = code | 0x20
    if (code >= 0x30 && code <= 0x39) value = value * 16 + code - 0x30
    else if (letter >= 0x61 && letter <= 0x66) value = value * 16 + letter - 0x57
    else return -1
  }
  return value
}
