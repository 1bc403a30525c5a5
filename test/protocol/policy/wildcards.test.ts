import assert from 'node:assert'
import { lowerAscii } from '../../../protocol/policy/ascii-case.ts'
import { parsePattern } from '../../../protocol/policy/pattern-parts.ts'
import {
  compileWildcards,
  matchesBelow,
  matchesWildcards,
} from '../../../protocol/policy/wildcard-pattern.ts'
import { describe } from '../../support/describe.ts'
import { seededBytes } from '../../support/seeded-bytes.ts'

function compile(pattern: string) {
  return compileWildcards(parsePattern(pattern, { wildcards: true, variables: false }))
}

/** The slow and plain way: a table of which beginnings match. */
function matchesPlainly(pattern: string, text: string): boolean {
  let row = new Array<boolean>(text.length + 1).fill(false)
  row[0] = true
  for (const wildcard of pattern) {
    const next = new Array<boolean>(text.length + 1).fill(false)
    for (let at = 0; at <= text.length; at += 1) {
      if (wildcard === '*') next[at] = row[at] === true || (at > 0 && next[at - 1] === true)
      else if (at > 0 && (wildcard === '?' || wildcard === text[at - 1])) {
        next[at] = row[at - 1] === true
      }
    }
    row = next
  }
  return row[text.length] === true
}

function pick(random: { integer(below: number): number }, letters: string, lengthMax: number) {
  const length = random.integer(lengthMax + 1)
  return Array.from({ length }, () => letters[random.integer(letters.length)]).join('')
}

describe('wildcards', (test) => {
  const cases: readonly (readonly [string, string, boolean])[] = [
    ['*', '', true],
    ['', '', true],
    ['', 'a', false],
    ['a*', 'a/b:c', true],
    ['*a', 'ba', true],
    ['*a', 'ab', false],
    ['a*a', 'a', false],
    ['a*a', 'aa', true],
    ['?', '', false],
    ['?', 'ab', false],
    ['a?c*', 'abc', true],
    ['*ab?d*', 'xxabxabcdx', true],
    ['*ab*bc', 'abc', false],
    ['**a**', 'a', true],
    ['a.c', 'abc', false],
    ['*?*?', 'a', false],
    ['*?*?', 'ab', true],
    ['?**?a', 'xa', false],
    ['?**?a', 'xya', true],
    ['a*??*b*', 'axb', false],
    ['a*??*b*', 'axyb', true],
  ]
  for (const [pattern, text, expected] of cases) {
    test(`${pattern} ${expected ? 'matches' : 'does not match'} "${text}"`, () => {
      assert.equal(matchesWildcards(compile(pattern), text), expected)
    })
  }

  test('match what a plain table of beginnings says, whatever the pattern', () => {
    const random = seededBytes()
    for (let round = 0; round < 20_000; round += 1) {
      const pattern = pick(random, 'ab*?', 9)
      const text = pick(random, 'ab', 12)
      const matched = matchesWildcards(compile(pattern), text)
      assert.equal(matched, matchesPlainly(pattern, text), `${pattern} and ${text}`)
    }
  })

  test('are no more than one gap where nothing stands between them', () => {
    const pattern = compile(`bkt/${'*?'.repeat(9980)}`)
    assert.deepEqual(pattern.gaps, [9980])
    assert.equal(pattern.units, 'bkt/')
    assert.equal(matchesWildcards(pattern, `bkt/${'x'.repeat(9979)}`), false)
    assert.equal(matchesWildcards(pattern, `bkt/${'x'.repeat(9980)}`), true)
  })

  test('stand beside question marks that are meant themselves', () => {
    const literal = `\${?}`
    const parts = parsePattern(`*${literal}?${literal}*\u0000?`, {
      wildcards: true,
      variables: true,
    })
    const pattern = compileWildcards(parts)
    assert.equal(matchesWildcards(pattern, 'a?x?b\u0000c'), true)
    assert.equal(matchesWildcards(pattern, 'ayx?b\u0000c'), false)
    assert.equal(matchesWildcards(pattern, 'a?x?b?c'), false)
  })

  test('are found in texts of 40 units and more', () => {
    const long = `${'a'.repeat(31)}?${'b'.repeat(33)}?c`
    const text = `aaa${long.replaceAll('?', 'x')}dd`
    assert.equal(matchesWildcards(compile(`*${long}*`), text), true)
    assert.equal(matchesWildcards(compile(`*${long}c*`), text), false)
  })

  test('a thousand of them against a long key end', () => {
    const text = 'a'.repeat(2000)
    for (const unit of ['a*', '*a?', '?*a', 'aaaaaaaaa?*']) {
      const pattern = compile(`*${unit.repeat(1000)}b`)
      assert.equal(matchesWildcards(pattern, text), false)
    }
    const hard = compile(`*${'a?'.repeat(450)}b*${'?a'.repeat(450)}b*`)
    assert.equal(matchesWildcards(hard, text), false)
  })

  test('say of all texts below a prefix what each of them says', () => {
    const random = seededBytes()
    for (let round = 0; round < 4000; round += 1) {
      const pattern = pick(random, 'ab*?', 6)
      const prefix = pick(random, 'ab', 4)
      const coarse = matchesBelow(compile(pattern), prefix)
      if (coarse === 'some') continue
      for (let each = 0; each < 30; each += 1) {
        const text = prefix + pick(random, 'ab', 6)
        assert.equal(matchesPlainly(pattern, text), coarse === 'all', `${pattern} and ${text}`)
      }
    }
    assert.equal(matchesBelow(compile('a/*'), 'a/b'), 'all')
    assert.equal(matchesBelow(compile('a/*'), 'a'), 'some')
    assert.equal(matchesBelow(compile('a/*'), 'b'), 'none')
    assert.equal(matchesBelow(compile('a/*.txt'), 'a/b'), 'some')
    assert.equal(matchesBelow(compile('a'), 'ab'), 'none')
  })

  test('letters of ASCII alone are folded', () => {
    assert.equal(lowerAscii('S3:GetObjeCT'), 's3:getobject')
    assert.equal(lowerAscii('\u212Aİ'), '\u212Aİ')
  })
})
