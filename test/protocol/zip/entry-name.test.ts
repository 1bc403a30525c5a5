import assert from 'node:assert'
import { entryKey, entryName } from '../../../protocol/zip/entry-name.ts'
import { foldKey } from '../../../protocol/zip/key-clashes.ts'
import { describe } from '../../support/describe.ts'
import { seededBytes } from '../../support/seeded-bytes.ts'
import { hostileKeys, manyHostileKeys } from './hostile-keys.ts'
import { nameAll } from './name-all.ts'

const name = (key: string, options: { windows?: boolean; twin?: boolean; beside?: boolean } = {}) =>
  entryName(
    {
      key,
      isDirectory: false,
      besideFolder: options.beside ?? false,
      hasTwin: options.twin ?? false,
    },
    { windows: options.windows ?? false },
  )
const folder = (key: string) =>
  entryName({ key, isDirectory: true, besideFolder: false, hasTwin: false }, { windows: false })

describe('the name of an entry', (test) => {
  test('is the key, where the key is harmless', () => {
    const keys = [
      'a',
      'a/b.txt',
      'Ünï/cödé 😀',
      '.hidden',
      'a b',
      '12:30',
      '100% sure',
      '~',
      "it's",
    ]
    for (const key of keys) assert.equal(name(key), key)
  })

  const written: Readonly<Record<string, string>> = {
    '..': '.%2E',
    '.': '%2E',
    '../../etc/passwd': '.%2E/.%2E/etc/passwd',
    'a/./b': 'a/%2E/b',
    'dots...': 'dots..%2E',
    '/etc/passwd': '%_/etc/passwd',
    'a//b': 'a/%_/b',
    'a/': 'a/%_',
    'C:\\x': 'C%3A%5Cx',
    'b/C:x': 'b/C:x',
    'a\\b': 'a%5Cb',
    'nul\u0000': 'nul%00',
    'c1\u0085': 'c1%C2%85',
    '%2e': '%252e',
    '%_/%~/%-': '%25_/%25~/%25-',
    '%zz%': '%zz%',
  }
  for (const [key, expected] of Object.entries(written)) {
    test(`of ${JSON.stringify(key)} is ${expected}`, () => assert.equal(name(key), expected))
  }

  test('of a folder ends with a slash, and the archived folder itself has none', () => {
    assert.equal(folder('a/'), 'a/')
    assert.equal(folder('a//'), 'a/%_/')
    assert.equal(folder('../'), '.%2E/')
    assert.equal(folder('/'), '%_/')
    assert.equal(folder(''), undefined)
  })

  test('of a file beside a folder of its name is marked', () => {
    assert.equal(name('a/b', { beside: true }), 'a/b%~')
    assert.equal(name('a%', { beside: true }), 'a%%~')
  })

  test('of a component that is too long goes on in a folder', () => {
    assert.equal(name('x'.repeat(255)), 'x'.repeat(255))
    assert.equal(name('x'.repeat(256)), `${'x'.repeat(253)}%-/xxx`)
    assert.equal(name('ä'.repeat(128)), `${'ä'.repeat(126)}%-/ää`)
    assert.equal(name('x'.repeat(254), { beside: true }), `${'x'.repeat(253)}%-/x%~`)
  })
})

describe('the name of an entry for Windows', (test) => {
  const windows = (key: string) => name(key, { windows: true })

  const written: Readonly<Record<string, string>> = {
    'a<b>c:d"e|f?g*h': 'a%3Cb%3Ec%3Ad%22e%7Cf%3Fg%2Ah',
    'a /b .': 'a%20/b %2E',
    CON: '%43ON',
    'a/nul.tar.gz': 'a/%6Eul.tar.gz',
    'com¹': '%63om¹',
    'CON .x': '%43ON .x',
    console: 'console',
    'LONGNA~1': 'LONGNA%7E1',
  }
  for (const [key, expected] of Object.entries(written)) {
    test(`of ${JSON.stringify(key)} is ${expected}`, () => assert.equal(windows(key), expected))
  }

  test('of a key with a twin leaves nothing to the case of letters', () => {
    assert.equal(name('Read me', { windows: true, twin: true }), '%52ead me')
    assert.equal(name('é', { windows: true, twin: true }), '%C3%A9')
    assert.equal(name('read me', { windows: true, twin: true }), 'read me')
  })

  test('never cuts so that a piece is the name of a device', () => {
    const cut = windows(`${'x'.repeat(253)}con`) ?? ''
    assert.equal(cut, `${'x'.repeat(252)}%-/xcon`)
  })
})

const random = seededBytes()
const keys = manyHostileKeys(random, 5000)

for (const windows of [false, true]) {
  // A folder that was put as an object with content is a file after all.
  const named = nameAll(keys, { windows, isFolder: (key) => key.length % 2 === 0 })

  describe(`${keys.length} hostile keys${windows ? ', for Windows' : ''}`, (test) => {
    test('can all be read back from their names', () => {
      for (const { key, name } of named) assert.equal(entryKey(name), key)
    })

    test('have names that stay where they are put', () => {
      for (const { name, isDirectory } of named) {
        const components = (isDirectory ? name.slice(0, -1) : name).split('/')
        for (const component of components) {
          assert.ok(component !== '' && component !== '.' && component !== '..', name)
          assert.ok(Buffer.byteLength(component) <= 255, name)
          assert.ok(!/[\u0000-\u001f\u007f-\u009f\\]/.test(component), name)
          assert.ok(!component.endsWith('.'), name)
        }
        assert.ok(!/^[A-Za-z]:/.test(name), name)
      }
    })

    test('have names that differ, no file where a folder is', () => {
      const same = windows ? foldKey : (text: string) => text
      const files = new Set<string>()
      const folders = new Set<string>()
      for (const { name, isDirectory } of named) {
        const path = same(isDirectory ? name.slice(0, -1) : name)
        for (let at = path.indexOf('/'); at !== -1; at = path.indexOf('/', at + 1)) {
          folders.add(path.slice(0, at))
        }
        if (isDirectory) {
          folders.add(path)
          continue
        }
        assert.ok(!files.has(path), `${JSON.stringify(name)} twice`)
        files.add(path)
      }
      for (const file of files) assert.ok(!folders.has(file), `${file} is a file and a folder`)
    })
  })
}

describe('hostile keys for Windows', (test) => {
  test('have names that Windows takes', () => {
    const device = /^(con|prn|aux|nul|conin\$|conout\$|clock\$|(com|lpt)[0-9¹²³]) *(\.|$)/i
    for (const { name } of nameAll(keys, { windows: true, isFolder: () => true })) {
      for (const component of name.replace(/\/$/, '').split('/')) {
        assert.ok(!/[<>:"|?*]|[. ]$|~[0-9]/.test(component), name)
        assert.ok(!device.test(component), name)
      }
    }
  })

  test('are all among those tried', () => {
    for (const key of hostileKeys) assert.ok(keys.includes(key))
  })
})
