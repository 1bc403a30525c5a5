// Random bytes from a seed, so that a failing round can be run again. xorshift32.

/** Equal seeds give equal bytes. A seed of 0 is taken for 1. */
export function randomBytesFrom(seed: number): (length: number) => Buffer {
  const next = randomIntegersFrom(seed)
  return (length) => {
    const bytes = Buffer.alloc(length)
    for (let at = 0; at < length; at += 1) bytes[at] = next(256)
    return bytes
  }
}

/** Integers from 0 to below the limit given. */
export function randomIntegersFrom(seed: number): (below: number) => number {
  let state = seed | 0 || 1
  return (below) => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) % below
  }
}
