// Random bytes in small counts, drawn from the source in large ones: a draw costs about the same
// whatever its size, and every small write needs two or three.
import type { RandomBytes } from './new-generation.ts'

const poolBytes = 4096

/** Answers every byte of `random` at most once. */
export function pooledRandom(random: RandomBytes): RandomBytes {
  let pool: Buffer = Buffer.alloc(0)
  let at = 0
  return (count) => {
    if (count > poolBytes / 8) return random(count)
    if (at + count > pool.length) {
      pool = random(poolBytes)
      at = 0
    }
    at += count
    return pool.subarray(at - count, at)
  }
}
