import assert from 'node:assert'
import { folderClash } from '../../../protocol/zip/key-clashes.ts'
import { describe } from '../../support/describe.ts'
import { seededBytes } from '../../support/seeded-bytes.ts'
import { manyHostileKeys } from './hostile-keys.ts'

describe('a file where a folder has to be', (test) => {
  test('shows in the key that follows', () => {
    assert.equal(folderClash('a', 'a/b'), 'folder')
    assert.equal(folderClash('a', 'a/'), 'folder')
    assert.equal(folderClash('a/', 'a//b'), 'folder')
  })

  test('is ruled out by a key that follows behind where it would be', () => {
    for (const next of [undefined, 'b', 'a0', 'ab', 'aä']) {
      assert.equal(folderClash('a', next), 'none')
    }
  })

  test('cannot be told when another key stands between', () => {
    for (const next of ['a!', 'a.txt', 'a-b', 'a\u0000']) {
      assert.equal(folderClash('a', next), 'unknown')
    }
  })

  test('is found among many keys as a search through all finds it', () => {
    const keys = manyHostileKeys(seededBytes(), 2000)
    for (const [at, key] of keys.entries()) {
      const has = keys.some((other) => other.startsWith(`${key}/`))
      const clash = folderClash(key, keys[at + 1])
      assert.ok(clash === 'unknown' || clash === (has ? 'folder' : 'none'), JSON.stringify(key))
    }
  })
})
