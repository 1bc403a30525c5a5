import assert from 'node:assert'
import { CaseClashes } from '../../../protocol/zip/key-clashes.ts'
import { describe } from '../../support/describe.ts'

function clashesOf(keys: readonly string[], bytes = 10_000): CaseClashes {
  const clashes = new CaseClashes({ bytes })
  for (const key of keys) clashes.add(key, { isDirectory: key.endsWith('/') })
  return clashes
}

describe('keys that clash where letter case does not count', (test) => {
  test('are found, however far apart they stand', () => {
    const clashes = clashesOf([
      'README',
      'a/x',
      'other',
      'readme',
      'Straße',
      'STRASSE',
      'é',
      'e\u0301',
    ])
    for (const key of ['README', 'readme', 'Straße', 'STRASSE', 'é', 'e\u0301']) {
      assert.ok(clashes.hasTwin(key), key)
    }
    for (const key of ['a/x', 'other']) assert.ok(!clashes.hasTwin(key), key)
  })

  test('may be a file and a folder', () => {
    const clashes = clashesOf(['Photos', 'photos/2026/x', 'photo', 'm/'])
    assert.ok(clashes.isBesideFolder('Photos'))
    assert.ok(clashes.isBesideFolder('PHOTOS/2026'))
    assert.ok(clashes.isBesideFolder('M'))
    assert.ok(!clashes.isBesideFolder('photo'))
    assert.ok(!clashes.isBesideFolder('photos/2026/x'))
  })

  test('are not two folders: they become one', () => {
    const clashes = clashesOf(['A/', 'a/', 'A/x', 'a/y'])
    assert.ok(!clashes.hasTwin('A/'))
    assert.ok(!clashes.hasTwin('A/x'))
  })

  test('are never overlooked by a filter that is too small', () => {
    const keys = Array.from({ length: 3000 }, (_, at) => [`Key ${at}`, `key ${at}`]).flat()
    const clashes = clashesOf(keys, 300)
    for (const key of keys) assert.ok(clashes.hasTwin(key))
  })

  test('are rarely seen where there are none, with two bytes for each key', () => {
    const keys = Array.from({ length: 20_000 }, (_, at) => `folder ${at % 100}/file ${at}`)
    const clashes = clashesOf(keys, 40_000)
    const alarms = keys.filter((key) => clashes.hasTwin(key) || clashes.isBesideFolder(key))
    assert.ok(alarms.length < 2000, `${alarms.length} false alarms`)
  })
})
