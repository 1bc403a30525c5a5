// Finds text with `?` in it, in time that grows with the length of the text times the pattern's length by
// 32, whatever either holds: the algorithm Shift-And of Baeza-Yates and Gonnet, in words of 32 bits.
// https://doi.org/10.1145/135239.135243

export type BitParallelSearch = {
  readonly length: number
  /** Of each unit: the places in the pattern where it may stand. */
  readonly places: ReadonlyMap<number, Uint32Array>
  /** Where any unit may stand. */
  readonly anywhere: Uint32Array
}

const wordBits = 32

/** `units`: of UTF-16, or -1 for a place where any may stand. At least one. */
export function prepareSearch(units: Int32Array): BitParallelSearch {
  const { length } = units
  const anywhere = new Uint32Array(Math.ceil(length / wordBits))
  units.forEach((unit, at) => {
    if (unit === -1) setBit(anywhere, at)
  })
  const places = new Map<number, Uint32Array>()
  units.forEach((unit, at) => {
    if (unit === -1) return
    const own = places.get(unit) ?? anywhere.slice()
    setBit(own, at)
    places.set(unit, own)
  })
  return { length, places, anywhere }
}

function setBit(words: Uint32Array, at: number): void {
  const word = at >>> 5
  words[word] = (words[word] ?? 0) | (1 << (at & 31))
}

/** Where the pattern stands first at or after `from`; -1 when nowhere. */
export function findBits(search: BitParallelSearch, text: string, from: number): number {
  const { length, places, anywhere } = search
  const state = new Uint32Array(anywhere.length)
  const lastWord = anywhere.length - 1
  const lastBit = 1 << ((length - 1) & 31)
  for (let at = from; at < text.length; at += 1) {
    const allowed = places.get(text.charCodeAt(at)) ?? anywhere
    let carry = 1
    for (let word = 0; word <= lastWord; word += 1) {
      const before = state[word] ?? 0
      state[word] = ((before << 1) | carry) & (allowed[word] ?? 0)
      carry = before >>> 31
    }
    if (((state[lastWord] ?? 0) & lastBit) !== 0) return at - length + 1
  }
  return -1
}
