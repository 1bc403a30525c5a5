// Text in forms: pages without an encoding of their own send windows-1252, Shift_JIS and whatever else.
import { isUtf8 } from 'node:buffer'

/** What is not UTF-8 is read as ISO-8859-1, a character a byte, so that nothing of it is lost. */
export function decodeText(bytes: Buffer): { readonly text: string; readonly isUtf8: boolean } {
  if (isUtf8(bytes)) return { text: bytes.toString('utf8'), isUtf8: true }
  return { text: bytes.toString('latin1'), isUtf8: false }
}
