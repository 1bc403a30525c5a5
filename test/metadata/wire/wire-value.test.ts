import assert from 'node:assert/strict'
import {
  BadWireValue,
  packValue,
  unpackValue,
  type WireForm,
} from '../../../metadata/wire/wire-value.ts'
import { describe } from '../../support/describe.ts'
import { seededBytes } from '../../support/seeded-bytes.ts'

const forms = ['plain', 'rows'] satisfies WireForm[]

function there(value: unknown, form: WireForm): unknown {
  return unpackValue(Buffer.from(packValue(value, form)), form)
}

describe('values on the wire', (test) => {
  for (const form of forms) {
    test(`come as they went: absent, undefined, bytes, large numbers (${form})`, () => {
      const values = [
        undefined,
        null,
        {},
        { a: undefined },
        [undefined, null, [], ''],
        Buffer.from('bytes'),
        Buffer.alloc(0),
        { list: [{ id: Buffer.alloc(32, 7), generation: 2 ** 47 + 1 }] },
        Number.MAX_SAFE_INTEGER,
        -1.5,
        2n ** 62n,
        new Date(1_700_000_000_000),
        new Set(['a']),
        { tags: [{ key: 'ключ', value: '🗝' }], deep: { deeper: { deepest: [1, [2, [3]]] } } },
        Array.from({ length: 300 }, (_, i) => ({
          key: `k${i}`,
          size: i,
          ...(i % 3 && { odd: i }),
        })),
      ]
      for (const value of values) assert.deepEqual(there(value, form), value)
    })

    test(`may have members of any name, at any depth (${form})`, () => {
      const metadata = JSON.parse('{"__proto__":"a","\\u0000__proto__":"b","constructor":"c"}')
      const value = { userMetadata: metadata, key: '__proto__', list: [metadata] }
      const back = there(value, form)
      assert.deepEqual(back, value)
      assert.ok(typeof back === 'object' && back !== null && 'userMetadata' in back)
      assert.deepEqual(Object.entries(Object(back.userMetadata)), Object.entries(metadata))
    })

    test(`that are errors keep name, message and cause, and no stack (${form})`, () => {
      const error = new TypeError('why', { cause: new Error('deeper') })
      const back = there({ cause: error }, form)
      assert.ok(typeof back === 'object' && back !== null && 'cause' in back)
      const { cause } = back
      assert.ok(cause instanceof TypeError && cause.cause instanceof Error)
      assert.deepEqual([cause.message, cause.cause.message], ['why', 'deeper'])
      assert.ok(!packValue(error, form).includes('wire-value.test'))
    })

    test(`are refused when they are none (${form})`, () => {
      const cut = packValue({ a: 'text', b: [1, 2, 3] }, form).subarray(0, -1)
      const deep = Buffer.alloc(1024 * 1024, 0x91)
      const endless = Buffer.of(0xdd, 0xff, 0xff, 0xff, 0xff)
      for (const bytes of [Buffer.alloc(0), cut, deep, endless]) {
        assert.throws(() => unpackValue(bytes, form), BadWireValue)
      }
    })
  }

  test('random bytes are a value or are refused, and nothing else', () => {
    const bytes = seededBytes().bytes(200_000)
    for (let at = 0; at + 64 <= bytes.length; at += 64) {
      for (const form of forms) {
        try {
          unpackValue(bytes.subarray(at, at + 1 + (at % 63)), form)
        } catch (cause) {
          assert.ok(cause instanceof BadWireValue, `at ${at}: ${String(cause)}`)
        }
      }
    }
  })
})
