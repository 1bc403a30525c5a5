// The CRC of a concatenation from the CRCs of its pieces: crc(a ‖ b) = crc(a)·x^(8·|b|) + crc(b) modulo
// the polynomial. The power comes from a table of x^(2^k), one multiplication a set bit of the length.
// Bits are reflected, as in all three algorithms: the highest bit is x^0.
import { strict as assert } from 'node:assert'
import type { CrcAlgorithm } from './checksum-algorithm.ts'

/** CRC-32 (IEEE, as zip) of a then b, from the CRC of each and the length of b in bytes. */
export function combineCrc32(a: number, b: number, bytesOfB: number): number {
  return combine32(ieee, a, b, bytesOfB)
}

/** The same for CRC-32C (Castagnoli). */
export function combineCrc32c(a: number, b: number, bytesOfB: number): number {
  return combine32(castagnoli, a, b, bytesOfB)
}

export type SizedCrc = { readonly digest: Uint8Array; readonly size: number }

/** Folds digests (big endian, as on the wire) of consecutive pieces into that of the whole. */
export function combineCrcs(algorithm: CrcAlgorithm, pieces: readonly SizedCrc[]): Buffer {
  return algorithm === 'CRC64NVME' ? fold64(pieces) : fold32(algorithm, pieces)
}

function fold32(algorithm: 'CRC32' | 'CRC32C', pieces: readonly SizedCrc[]): Buffer {
  const field = algorithm === 'CRC32' ? ieee : castagnoli
  let crc = 0
  for (const { digest, size } of pieces) {
    crc = combine32(field, crc, toBuffer(digest, 4).readUInt32BE(), size)
  }
  const whole = Buffer.allocUnsafe(4)
  whole.writeUInt32BE(crc)
  return whole
}

function fold64(pieces: readonly SizedCrc[]): Buffer {
  let crc: Word64 = { high: 0, low: 0 }
  // Parts are mostly of one size, and the power is what takes the time.
  let power: Word64 = { high: 0, low: 0 }
  let sizeOfPower = -1
  for (const { digest, size } of pieces) {
    if (size !== sizeOfPower) power = power64(size)
    sizeOfPower = size
    const bytes = toBuffer(digest, 8)
    const shifted = multiply64(power, crc)
    crc = { high: shifted.high ^ bytes.readInt32BE(0), low: shifted.low ^ bytes.readInt32BE(4) }
  }
  const whole = Buffer.allocUnsafe(8)
  whole.writeInt32BE(crc.high, 0)
  whole.writeInt32BE(crc.low, 4)
  return whole
}

type Field32 = { readonly polynomial: number; readonly powers: Uint32Array }

const ieee = field32(0xedb88320)
const castagnoli = field32(0x82f63b78)
/** Two signed 32-bit halves: BigInt would take twenty times as long. */
type Word64 = { readonly high: number; readonly low: number }

const nvmePolynomial: Word64 = { high: 0x9a6c9329 | 0, low: 0xac4bc9b5 | 0 }
const nvmePowers = field64Powers()

/** powers[k] = x^(2^k) modulo the polynomial. 56 of them reach every length a number can hold, in bits. */
function field32(polynomial: number): Field32 {
  const powers = new Uint32Array(56)
  let power = 0x40000000
  for (let k = 0; k < powers.length; k += 1) {
    powers[k] = power >>> 0
    power = multiply32(polynomial, power, power)
  }
  return { polynomial, powers }
}

function combine32(field: Field32, a: number, b: number, bytesOfB: number): number {
  assertLength(bytesOfB)
  let power = 0x80000000 | 0
  let rest = bytesOfB
  for (let k = 3; rest > 0; k += 1) {
    if (rest % 2 === 1) power = multiply32(field.polynomial, field.powers[k] ?? 0, power)
    rest = Math.floor(rest / 2)
  }
  return (multiply32(field.polynomial, power, a) ^ b) >>> 0
}

function multiply32(polynomial: number, a: number, b: number): number {
  let product = 0
  let shifted = b | 0
  for (let bits = a | 0; bits !== 0; bits <<= 1) {
    if (bits < 0) product ^= shifted
    shifted = (shifted & 1) === 0 ? shifted >>> 1 : (shifted >>> 1) ^ polynomial
  }
  return product
}

function field64Powers(): readonly Word64[] {
  const powers: Word64[] = []
  let power: Word64 = { high: 0x40000000, low: 0 }
  for (let k = 0; k < 56; k += 1) {
    powers.push(power)
    power = multiply64(power, power)
  }
  return powers
}

function power64(bytes: number): Word64 {
  assertLength(bytes)
  let power: Word64 = { high: 0x80000000 | 0, low: 0 }
  let rest = bytes
  for (let k = 3; rest > 0; k += 1) {
    const factor = nvmePowers[k]
    assert(factor !== undefined, 'the table reaches every length')
    if (rest % 2 === 1) power = multiply64(factor, power)
    rest = Math.floor(rest / 2)
  }
  return power
}

function multiply64(a: Word64, b: Word64): Word64 {
  let [high, low] = [0, 0]
  let [shiftedHigh, shiftedLow] = [b.high, b.low]
  for (let bit = 0; bit < 64; bit += 1) {
    const bits = bit < 32 ? a.high << bit : a.low << (bit - 32)
    if (bits < 0) {
      high ^= shiftedHigh
      low ^= shiftedLow
    }
    const carry = shiftedLow & 1
    shiftedLow = (shiftedLow >>> 1) | (shiftedHigh << 31)
    shiftedHigh >>>= 1
    if (carry === 1) {
      shiftedHigh ^= nvmePolynomial.high
      shiftedLow ^= nvmePolynomial.low
    }
  }
  return { high, low }
}

function toBuffer(digest: Uint8Array, bytes: number): Buffer {
  assert(digest.length === bytes, `a CRC of ${digest.length} bytes`)
  return Buffer.from(digest.buffer, digest.byteOffset, digest.length)
}

function assertLength(bytes: number): void {
  assert(Number.isSafeInteger(bytes) && bytes >= 0, `a piece of ${bytes} bytes`)
}
