// Names of a directory as text: which are the same, and that none becomes a part of a filter.
import assert from 'node:assert/strict'
import { FilterParser } from 'ldapts'
import { comparableDn } from '../../../gateway/sts/ldap/distinguished-name.ts'
import { fillFilter } from '../../../gateway/sts/ldap/fill-filter.ts'
import { describe } from '../../support/describe.ts'
import { seededBytes } from '../../support/seeded-bytes.ts'

describe('names of a directory', (test) => {
  test('are the same however they are written', () => {
    const same: readonly (readonly [string, string])[] = [
      ['cn=a,dc=x', 'CN = A , DC = X'],
      ['cn=a\\2Cb,dc=x', 'cn=a\\,b,dc=x'],
      ['cn=d\\C3\\B6rte,dc=x', 'cn=dörte,dc=x'],
      ['cn=a+uid=b,dc=x', 'uid=b+cn=a,dc=x'],
      ['cn=a  b,dc=x', 'cn=A b,dc=x'],
      ['cn=a;dc=x', 'cn=a,dc=x'],
      ['cn=a\\ ,dc=x', 'cn=a\\20,dc=x'],
    ]
    for (const [a, b] of same) assert.strictEqual(comparableDn(a), comparableDn(b), `${a} ${b}`)
  })

  test('are others that differ in more', () => {
    const all = [
      ...['cn=a,dc=x', 'cn=a,dc=y', 'cn=a', 'cn=ab,dc=x', 'uid=a,dc=x', 'cn=a,dc=x,dc=x'],
      ...[
        'cn=a\\,dc=x',
        'cn=a\\,dc=x,dc=x',
        'cn=a+dc=x',
        'cn=a\\+dc=x',
        'cn=a\\\\,dc=x',
        'cn=,dc=x',
      ],
      ...['cn=a\\"b,dc=x', 'cn=a b,dc=x', 'cn=a=b,dc=x'],
    ]
    assert.strictEqual(new Set(all.map(comparableDn)).size, all.length)
  })

  test('stay one value of a filter, whatever they are', () => {
    const random = seededBytes()
    const alphabet = '*()\\&|!=<>~: \0\t/,+"a9%sdö€😀'
    const letters = [...alphabet]
    for (let round = 0; round < 500; round += 1) {
      const name = [...random.bytes(1 + (round % 40))]
        .map((byte) => letters[byte % letters.length] ?? '')
        .join('')
      const filter = FilterParser.parseString(fillFilter('(&(uid=%s)(on=TRUE))', { name }))
      const { filters } = filter as unknown as { filters: { attribute: string; value: string }[] }
      assert.strictEqual(filters.length, 2)
      assert.deepStrictEqual([filters[0]?.attribute, filters[0]?.value], ['uid', name])
    }
  })

  test('of a DN in a filter are values too', () => {
    const dn = 'cn=a)(b*,dc=x'
    const parsed = FilterParser.parseString(fillFilter('(member=%d)', { name: 'a', dn }))
    assert.strictEqual((parsed as unknown as { value: string }).value, dn)
  })
})
