// Bytes and numbers that look random and come again for the same seed. The seed is printed, so that a
// failure can be run again with HOLDFAST_TEST_SEED.
import { createCipheriv, createHash, randomInt } from 'node:crypto'

export type SeededBytes = {
  readonly seed: string
  bytes(count: number): Buffer
  /** From 0 to `below` - 1. */
  integer(below: number): number
}

/** A fresh seed unless the environment names one. */
export function seededBytes(): SeededBytes {
  const seed = process.env.HOLDFAST_TEST_SEED ?? String(randomInt(2 ** 32))
  console.log(`seed ${seed}`)
  const key = createHash('sha256').update(seed).digest()
  const stream = createCipheriv('aes-256-ctr', key, Buffer.alloc(16))
  const bytes = (count: number) => stream.update(Buffer.alloc(count))
  return { seed, bytes, integer: (below) => bytes(6).readUIntBE(0, 6) % below }
}
