// CRC-32C run backwards: which value a checksum was started from. For known bytes there is exactly one start
// for each result, so the salt of a segment can be told from any of its records.

const polynomial = 0x82f63b78

const table = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte
  for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >>> 1) ^ polynomial : crc >>> 1
  return crc >>> 0
})

/** By the highest byte of its entry, which is another one for each, the index of the entry. */
const byHighest = new Uint8Array(256)
for (const [index, entry] of table.entries()) byHighest[entry >>> 24] = index

/** The `start` for which `crc32c(bytes, start)` is `crc`. */
export function crc32cStart(bytes: Buffer, crc: number): number {
  let register = ~crc >>> 0
  for (let at = bytes.length - 1; at >= 0; at -= 1) {
    const index = byHighest[register >>> 24] ?? 0
    const shifted = ((register ^ (table[index] ?? 0)) << 8) >>> 0
    register = (shifted | (index ^ (bytes[at] ?? 0))) >>> 0
  }
  return ~register >>> 0
}
