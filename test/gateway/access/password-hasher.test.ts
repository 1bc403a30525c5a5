import assert from 'node:assert'
import { PasswordHasher } from '../../../gateway/access/password-hasher.ts'
import { QueryError } from '../../../protocol/query/query-error.ts'
import { describe } from '../../support/describe.ts'

describe('hashes of passwords', (test) => {
  test('two of one password differ, and both match it and no other', async () => {
    const passwords = new PasswordHasher()
    const [one, two] = await Promise.all([
      passwords.hash('s\u00e9same'),
      passwords.hash('s\u00e9same'),
    ])
    assert.notStrictEqual(one, two)
    for (const encoded of [one, two]) {
      assert.strictEqual(await passwords.matches('s\u00e9same', encoded), true)
      assert.strictEqual(await passwords.matches('sesame', encoded), false)
    }
  })

  test('of forty asked for at once 32 are made, and then there is room again', async () => {
    const passwords = new PasswordHasher()
    const settled = await Promise.allSettled(
      Array.from({ length: 40 }, (_, i) => passwords.hash(`password ${i}`)),
    )
    const refused = settled.flatMap((each) => (each.status === 'rejected' ? [each.reason] : []))
    assert.strictEqual(refused.length, 8)
    for (const cause of refused) {
      assert.ok(cause instanceof QueryError && cause.code === 'SlowDown')
    }
    assert.ok(await passwords.hash('one more'))
  })

  test('a hash that is none fails for who asks, and for nobody behind him', async () => {
    const passwords = new PasswordHasher()
    const [broken, sound] = await Promise.allSettled([
      passwords.matches('password', 'no hash'),
      passwords.hash('password'),
    ])
    assert.deepStrictEqual([broken.status, sound.status], ['rejected', 'fulfilled'])
  })
})
