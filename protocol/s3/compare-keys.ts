// S3 orders keys by their UTF-8 bytes. JavaScript's `<` orders by UTF-16 units, which differs for
// characters outside the basic plane.

/** Negative, zero or positive, as `Array.prototype.sort` wants it. */
export function compareKeys(a: string, b: string): number {
  if (a === b) return 0
  return Buffer.compare(Buffer.from(a), Buffer.from(b))
}
