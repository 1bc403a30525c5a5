// Random bytes drawn in large pieces and given out in small ones: a draw costs some microseconds,
// whatever its size, and every commit wants ten bytes.
import type { Random } from './buckets.ts'

const drawBytes = 4096

export function pooled(random: Random): Random {
  let pool: Buffer = Buffer.alloc(0)
  return (bytes) => {
    if (bytes > drawBytes) return random(bytes)
    if (pool.length < bytes) pool = random(drawBytes)
    const piece = pool.subarray(0, bytes)
    pool = pool.subarray(bytes)
    return piece
  }
}
