import assert from 'node:assert'
import { BadInlineData, openInline, sealInline } from '../../../protocol/chunks/seal-inline.ts'
import { describe } from '../../support/describe.ts'
import { seededBytes } from '../../support/seeded-bytes.ts'
import { testChunkKeys } from './test-chunk-keys.ts'

const random = seededBytes()
const keys = testChunkKeys(random.bytes(96))

describe('sealing of inline data', (test) => {
  for (const length of [0, 1, 15, 16, 17, 1024, 4096]) {
    test(`${length} bytes open again`, () => {
      const plaintext = random.bytes(length)
      const sealed = sealInline(keys, plaintext, random.bytes)
      assert.ok(openInline(keys, sealed).equals(plaintext))
    })
  }

  test('no plaintext seals to no bytes', () => {
    assert.equal(sealInline(keys, Buffer.alloc(0), random.bytes).length, 0)
  })

  test('equal data seal to different bytes', () => {
    const plaintext = random.bytes(100)
    const once = sealInline(keys, plaintext, random.bytes)
    assert.ok(!once.equals(sealInline(keys, plaintext, random.bytes)))
  })

  test('any flipped bit is refused', () => {
    const sealed = sealInline(keys, random.bytes(64), random.bytes)
    for (let bit = 0; bit < sealed.length * 8; bit += 1) {
      const altered = Buffer.from(sealed)
      altered[bit >> 3] = (altered[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      assert.throws(() => openInline(keys, altered), BadInlineData)
    }
  })

  test('data cut to any shorter length but none are refused', () => {
    const sealed = sealInline(keys, random.bytes(64), random.bytes)
    for (let length = 1; length < sealed.length; length += 1) {
      assert.throws(() => openInline(keys, sealed.subarray(0, length)), BadInlineData)
    }
  })

  test('another tenant cannot open them', () => {
    const sealed = sealInline(keys, random.bytes(64), random.bytes)
    const others = testChunkKeys(random.bytes(96))
    assert.throws(() => openInline(others, sealed), BadInlineData)
  })
})
