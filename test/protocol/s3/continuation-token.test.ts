import assert from 'node:assert/strict'
import {
  formatContinuationToken,
  parseContinuationToken,
} from '../../../protocol/s3/continuation-token.ts'
import { describe } from '../../support/describe.ts'

const incorrect = {
  code: 'InvalidArgument',
  message: 'The continuation token provided is incorrect',
  details: { ArgumentName: 'continuation-token' },
}

describe('continuation tokens', (test) => {
  test('bring back the position they were made of', () => {
    for (const key of ['a', 'a/b c', '\u0000', '😀'.repeat(256), '']) {
      for (const group of [true, false]) {
        const token = formatContinuationToken('objects', { key, group })
        assert.match(token, /^[A-Za-z0-9_-]+$/)
        assert.deepEqual(parseContinuationToken('objects', token), { key, group })
      }
    }
  })

  test('do not show the key they stand for', () => {
    const token = formatContinuationToken('objects', { key: 'secret', group: false })
    assert.ok(!token.includes('secret'))
  })

  test('of another listing, or changed in any character, are refused', () => {
    const token = formatContinuationToken('objects', { key: 'photos/2026', group: true })
    assert.throws(() => parseContinuationToken('buckets', token), incorrect)
    for (let at = 0; at < token.length; at += 1) {
      const changed = token[at] === 'A' ? 'B' : 'A'
      const forged = token.slice(0, at) + changed + token.slice(at + 1)
      assert.throws(() => parseContinuationToken('objects', forged), incorrect)
    }
    for (const raw of ['', 'garbage', `${token}=`, `${token}A`, token.slice(1), ' ']) {
      assert.throws(() => parseContinuationToken('objects', raw), incorrect)
    }
  })
})
