// Rows of bundles that an earlier program has written.
import assert from 'node:assert'
import { encodeBundle, parseBundle } from '../../../metadata/codec/bundle-codec.ts'
import { encodeRecord } from '../../../metadata/codec/record-frame.ts'
import { describe } from '../../support/describe.ts'

const state = 'b'.repeat(32)
const fields = [
  ...['a'.repeat(32), 'tenant', 'files', 'all.zip', Buffer.alloc(32, 1), Buffer.alloc(32, 2)],
  ...[1, 1_700_000_000_000, 1_800_000_000_000, [state], 'root', 'AKIA'],
]

describe('rows of bundles', (test) => {
  test('from before there was anything to gather are ready, of the first revision', () => {
    const bundle = parseBundle(encodeRecord(1, fields))
    assert.deepStrictEqual([...bundle.states], [state])
    assert.deepStrictEqual(
      [bundle.revision, bundle.gathering, bundle.failure],
      [1, undefined, undefined],
    )
    assert.deepStrictEqual(bundle.createdBy, { userName: 'root', accessKeyId: 'AKIA' })
    assert.deepStrictEqual(parseBundle(encodeBundle(bundle)), bundle)
  })

  test('from before there were jobs name what is gathered for them', () => {
    const gathering = ['c'.repeat(32), Buffer.from('sealed'), 2, 0, 5]
    const bundle = parseBundle(encodeRecord(2, [...fields, 7, gathering]))
    assert.deepStrictEqual([bundle.revision, bundle.gathering], [7, 'c'.repeat(32)])
    assert.deepStrictEqual(parseBundle(encodeBundle(bundle)), bundle)
    assert.equal(parseBundle(encodeRecord(2, [...fields, 7])).gathering, undefined)
  })

  test('of a program to come are refused', () => {
    assert.throws(() => parseBundle(encodeRecord(4, fields)), /format 4, this program knows 1 to 3/)
  })
})
