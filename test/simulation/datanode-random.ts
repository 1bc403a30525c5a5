// Random numbers that a seed repeats (xorshift128+, splitmix seeded). Not for secrets.

export class SeededRandom {
  #a: bigint
  #b: bigint

  constructor(seed: number) {
    this.#a = splitmix(BigInt(seed) + 1n)
    this.#b = splitmix(this.#a)
  }

  /** 0 to 2^32 − 1. */
  uint32(): number {
    let x = this.#a
    const y = this.#b
    this.#a = y
    x ^= BigInt.asUintN(64, x << 23n)
    this.#b = x ^ y ^ (x >> 17n) ^ (y >> 26n)
    return Number(BigInt.asUintN(64, this.#b + y) >> 32n)
  }

  /** 0 to `bound` − 1. */
  below(bound: number): number {
    return Math.floor((this.uint32() / 2 ** 32) * bound)
  }

  /** True about once in `n` times. */
  oneIn(n: number): boolean {
    return this.below(n) === 0
  }

  pick<T>(list: readonly T[]): T {
    const item = list[this.below(list.length)]
    if (item === undefined) throw new RangeError('nothing to pick from')
    return item
  }

  bytes(count: number): Buffer {
    const bytes = Buffer.allocUnsafe(count)
    // Fast rather than good: one draw seeds a simple generator for the run.
    let state = this.uint32() | 1
    for (let i = 0; i < count; i += 1) {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0
      bytes[i] = state >>> 24
    }
    return bytes
  }
}

function splitmix(value: bigint): bigint {
  let z = BigInt.asUintN(64, value + 0x9e3779b97f4a7c15n)
  z = BigInt.asUintN(64, (z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n)
  z = BigInt.asUintN(64, (z ^ (z >> 27n)) * 0x94d049bb133111ebn)
  return z ^ (z >> 31n)
}
