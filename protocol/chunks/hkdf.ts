// HKDF-Expand with SHA-256, as far as it is needed here: the first block, from a key that is
// pseudorandom already. RFC 5869, section 2.3.
import { createHmac, type KeyObject } from 'node:crypto'

const onlyBlock = Buffer.from([1])

/** 32 bytes for `info`. */
export function hkdfExpand(key: KeyObject, ...info: readonly (Uint8Array | string)[]): Buffer {
  const mac = createHmac('sha256', key)
  for (const part of info) mac.update(part)
  return mac.update(onlyBlock).digest()
}
