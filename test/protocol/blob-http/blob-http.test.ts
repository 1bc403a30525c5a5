// Calls and answers of data nodes as bytes: what was written is read, and bytes that were changed, cut or made up are
// refused.
import { strict as assert } from 'node:assert'
import {
  BadBlobMessage,
  checkedAnswer,
  checkedCall,
  openAnswer,
  openCall,
} from '../../../protocol/blob-http/checked-head.ts'
import {
  encodeKeeper,
  parseListAnswer,
  parseListCall,
  textOfRefs,
} from '../../../protocol/blob-http/keeper-calls.ts'
import { readOutcomes } from '../../../protocol/blob-http/outcomes.ts'
import {
  encodeWanted,
  parseReadAnswer,
  parseReadCall,
  wantedMax,
} from '../../../protocol/blob-http/read-call.ts'
import { encodeRefs, parseRefs } from '../../../protocol/blob-http/wire-refs.ts'
import { encodeWriteHead, parseWriteCall } from '../../../protocol/blob-http/write-call.ts'
import { chunkBytesMax, parseGeneration } from '../../../protocol/chunks/chunk-ref.ts'
import { testChunk, testRef, wholeOf } from '../../datanode/sealed-chunk-fixture.ts'
import { SeededRandom } from '../../simulation/datanode-random.ts'
import { describe } from '../../support/describe.ts'

const seed = Date.now() % 2 ** 31
console.log(`calls of data nodes as bytes: seed ${seed}`)
const random = new SeededRandom(seed)

function flipped(bytes: Buffer, bit: number): Buffer {
  const copy = Buffer.from(bytes)
  copy[bit >> 3] = (copy[bit >> 3] ?? 0) ^ (1 << (bit & 7))
  return copy
}

function assertRefused(parse: () => unknown): void {
  assert.throws(parse, BadBlobMessage)
}

describe('calls and answers of data nodes', (test) => {
  test('names come back as they were, up to as many as may be', () => {
    const largest = { ...testRef(random), generation: parseGeneration(2 ** 48 - 1) }
    const refs = [largest, ...Array.from({ length: 9 }, () => testRef(random))]
    assert.deepEqual(parseRefs(encodeRefs(refs), 10), refs)
    assert.deepEqual(parseRefs(Buffer.alloc(0), 10), [])
    assertRefused(() => parseRefs(encodeRefs(refs), 9))
    assertRefused(() => parseRefs(encodeRefs(refs).subarray(1), 10))
  })

  test('a chunk comes back as it was, and no bit of its name or length may change', () => {
    const { ref, length, frames } = testChunk(random, 70_000)
    const head = checkedCall('write', encodeWriteHead(ref, length)).bytes
    const call = Buffer.concat([head, frames])
    const parsed = parseWriteCall(call)
    assert.deepEqual([parsed.ref, parsed.length], [ref, length])
    assert(parsed.frames.equals(frames))
    for (let bit = 0; bit < head.length * 8; bit += 1) {
      assertRefused(() => parseWriteCall(flipped(call, bit)))
    }
    assertRefused(() => parseWriteCall(call.subarray(0, call.length - 1)))
    assertRefused(() => parseWriteCall(Buffer.concat([call, Buffer.alloc(1)])))
    for (const wrong of [0, chunkBytesMax + 1, 2 ** 32 - 1]) {
      assertRefused(() => parseWriteCall(checkedCall('write', encodeWriteHead(ref, wrong)).bytes))
    }
  })

  test('what is wanted comes back as it was, and is something that chunks have', () => {
    const { ref, length } = testChunk(random, 200_000)
    const wanted = [0, 1, 2, 3].map((first) => ({ ref, range: { first, count: 1, length } }))
    const call = checkedCall('read', encodeWanted(wanted)).bytes
    assert.deepEqual(parseReadCall(call).wanted, wanted)
    for (let bit = 0; bit < call.length * 8; bit += 1) {
      assertRefused(() => parseReadCall(flipped(call, bit)))
    }
    for (const range of [
      { first: 0, count: 0, length },
      { first: 0, count: 5, length },
      { first: 4, count: 1, length },
      { first: 65535, count: 65535, length },
      { first: 0, count: 1, length: 0 },
      { first: 0, count: 1, length: chunkBytesMax + 1 },
    ]) {
      assertRefused(() => parseReadCall(checkedCall('read', encodeWanted([{ ref, range }])).bytes))
    }
    const one = wanted.slice(0, 1)
    const many = (count: number) => Array(count).fill(one).flat()
    assert.equal(
      parseReadCall(checkedCall('read', encodeWanted(many(100))).bytes).wanted.length,
      100,
    )
    for (const asked of [[], many(wantedMax + 1)]) {
      assertRefused(() => parseReadCall(checkedCall('read', encodeWanted(asked)).bytes))
    }
    const whole = { first: 0, count: 64, length: chunkBytesMax }
    const tooMuch = Array(5).fill({ ref, range: whole })
    assertRefused(() => parseReadCall(checkedCall('read', encodeWanted(tooMuch)).bytes))
  })

  test('an answer is taken for none but its own call, and no bit of it may change', () => {
    const chunk = testChunk(random, 130)
    const wanted = [
      { ref: chunk.ref, range: wholeOf(chunk) },
      { ref: testRef(random), range: wholeOf(chunk) },
    ]
    const { check } = checkedCall('read', encodeWanted(wanted))
    const head = checkedAnswer(readOutcomes.encode(['found', 'absent']), check).bytes
    const answer = Buffer.concat([head, chunk.frames])
    const expected = [{ is: 'found', frames: chunk.frames }, { is: 'absent' }]
    assert.deepEqual(parseReadAnswer(answer, wanted, check), expected)
    for (let bit = 0; bit < answer.length * 8; bit += 1) {
      assertRefused(() => parseReadAnswer(flipped(answer, bit), wanted, check))
    }
    for (let bytes = 0; bytes < answer.length; bytes += 1) {
      assertRefused(() => parseReadAnswer(answer.subarray(0, bytes), wanted, check))
    }
    assertRefused(() => parseReadAnswer(Buffer.concat([answer, answer]), wanted, check))
    const other = checkedCall('read', encodeWanted(wanted.toReversed())).check
    assertRefused(() => parseReadAnswer(answer, wanted, other))
  })

  test('a call of one verb is none of another', () => {
    const { bytes, check } = checkedCall('hasMany', encodeRefs([testRef(random)]))
    assert.equal(openCall('hasMany', bytes).check, check)
    assertRefused(() => openCall('delete', bytes))
    assert.deepEqual(
      openAnswer(checkedAnswer(Buffer.from('a'), check).bytes, check).toString(),
      'a',
    )
  })

  test('keepers get what they have asked for, or nothing', () => {
    const page = { after: 'ab', limit: 3, minAgeMs: -5 }
    assert.deepEqual(parseListCall(encodeKeeper(page)), page)
    const refs = [testRef(random), testRef(random)]
    assert.deepEqual(parseListAnswer(encodeKeeper({ refs: textOfRefs(refs) })), { refs })
    for (const nonsense of [
      {},
      { ...page, limit: -1 },
      { ...page, limit: 1.5 },
      { ...page, minAgeMs: 'a' },
      { ...page, after: 'a'.repeat(1000) },
    ]) {
      assertRefused(() => parseListCall(encodeKeeper(nonsense)))
    }
    assertRefused(() => parseListCall(Buffer.from('{')))
    assertRefused(() => parseListAnswer(encodeKeeper({ refs: 'AAAA' })))
    assertRefused(() => parseListAnswer(encodeKeeper({ refs: '%' })))
  })
})
