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

/** The same for CRC-64/NVME. */
export function combineCrc64Nvme(a: bigint, b: bigint, bytesOfB: number): bigint {
  assertLength(bytesOfB)
  return multiply64(power64(bytesOfB), a) ^ b
}

export type SizedCrc = { readonly digest: Uint8Array; readonly size: number }

/** Folds digests (big endian, as on the wire) of consecutive pieces into that of the whole. */
export function combineCrcs(algorithm: CrcAlgorithm, pieces: readonly SizedCrc[]): Buffer {
  if (algorithm === 'CRC64NVME') {
    let crc = 0n
    for (const { digest, size } of pieces) {
      crc = combineCrc64Nvme(crc, toBuffer(digest, 8).readBigUInt64BE(), size)
    }
    const whole = Buffer.allocUnsafe(8)
    whole.writeBigUInt64BE(crc)
    return whole
  }
  const field = algorithm === 'CRC32' ? ieee : castagnoli
  let crc = 0
  for (const { digest, size } of pieces) {
    crc = combine32(field, crc, toBuffer(digest, 4).readUInt32BE(), size)
  }
  const whole = Buffer.allocUnsafe(4)
  whole.writeUInt32BE(crc)
  return whole
}

type Field32 = { readonly polynomial: number; readonly powers: Uint32Array }

const ieee = field32(0xedb88320)
const castagnoli = field32(0x82f63b78)
const nvmePolynomial = 0x9a6c9329ac4bc9b5n
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

function field64Powers(): readonly bigint[] {
  const powers: bigint[] = []
  let power = 1n << 62n
  for (let k = 0; k < 56; k += 1) {
    powers.push(power)
    power = multiply64(power, power)
  }
  return powers
}

function power64(bytes: number): bigint {
  let power = 1n << 63n
  let rest = bytes
  for (let k = 3; rest > 0; k += 1) {
    if (rest % 2 === 1) power = multiply64(nvmePowers[k] ?? 0n, power)
    rest = Math.floor(rest / 2)
  }
  return power
}

function multiply64(a: bigint, b: bigint): bigint {
  let product = 0n
  let shifted = b
  for (let bit = 1n << 63n; bit !== 0n; bit >>= 1n) {
    if ((a & bit) !== 0n) product ^= shifted
    shifted = (shifted & 1n) === 0n ? shifted >> 1n : (shifted >> 1n) ^ nvmePolynomial
  }
  return product
}

function toBuffer(digest: Uint8Array, bytes: number): Buffer {
  assert(digest.length === bytes, `a CRC of ${digest.length} bytes`)
  return Buffer.from(digest.buffer, digest.byteOffset, digest.length)
}

function assertLength(bytes: number): void {
  assert(Number.isSafeInteger(bytes) && bytes >= 0, `a piece of ${bytes} bytes`)
}
