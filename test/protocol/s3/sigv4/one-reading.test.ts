// A signature of Version 4 is good for one request: what has one canonical form is read in one way.
import assert from 'node:assert'
import { parseRequestTarget, percentDecode } from '../../../../protocol/s3/request-target.ts'
import { S3Error } from '../../../../protocol/s3/s3-error.ts'
import { canonicalPath } from '../../../../protocol/s3/sigv4/canonical-encoding.ts'
import { canonicalQuery } from '../../../../protocol/s3/sigv4/canonical-request.ts'
import { findAuthParameters } from '../../../../protocol/s3/sigv4/parse-presigned-query.ts'
import { trimBlanks } from '../../../../protocol/s3/sigv4/request-headers.ts'
import { describe } from '../../../support/describe.ts'
import { seededBytes } from '../../../support/seeded-bytes.ts'

const pieces = [
  'versionId',
  'a',
  'b',
  '=',
  '&',
  '+',
  '?',
  ';',
  '/',
  '.',
  '~',
  '%2B',
  '%2b',
  '%20',
  '%26',
  '%3D',
  '%3f',
  '%61',
  '%2F',
  '%2e',
  '%25',
  '%C3%A9',
  '\xc3\xa9',
  '%00',
  '%0A',
]

/** Nothing for what is refused. */
function read<T>(run: () => T): T | undefined {
  try {
    return run()
  } catch (cause) {
    assert(cause instanceof S3Error, String(cause))
    return undefined
  }
}

/** Fails when two texts of one canonical form mean different things. */
function compare(canonical: (raw: string) => string, meaning: (raw: string) => string): void {
  const random = seededBytes()
  const meanings = new Map<string, string>()
  let compared = 0
  for (let count = 0; count < 30_000; count += 1) {
    const length = 1 + random.integer(5)
    const raw = Array.from({ length }, () => pieces[random.integer(pieces.length)]).join('')
    const meant = read(() => meaning(raw))
    if (meant === undefined) continue
    const form = canonical(raw)
    const earlier = meanings.get(form)
    if (earlier === undefined) meanings.set(form, meant)
    else {
      compared += 1
      assert.equal(meant, earlier, `${raw} is signed as ${form}`)
    }
  }
  assert.ok(compared > 100, 'too few were signed alike to tell')
}

describe('the canonical request of Signature Version 4', (test) => {
  test('stands for one set of parameters', () => {
    compare(canonicalQuery, (raw) => {
      const { parameters } = parseRequestTarget(`/?${raw}`).query
      const pairs = parameters.map(({ name, value }) => [name, value])
      return JSON.stringify(pairs.filter(([name, value]) => name !== '' || value !== '').sort())
    })
  })

  test('stands for one path', () => {
    compare(
      (raw) => canonicalPath(raw.replaceAll(/[?&]/g, '')),
      (raw) => percentDecode(raw.replaceAll(/[?&]/g, '')),
    )
  })

  test('leaves out no parameter but the signature that it is', () => {
    for (const name of ['X-Amz-Signature', 'X%2DAmz-Signature', '%58-Amz%2dSignature']) {
      assert.equal(canonicalQuery(`${name}=0&a=b`), 'a=b')
      assert.ok(findAuthParameters(`/?${name}=0&a=b`)?.has('X-Amz-Signature'), name)
    }
    assert.equal(findAuthParameters('/?prefix=%2F'), undefined)
  })

  test('takes from a header the blanks of HTTP at its ends, and no byte more', () => {
    assert.equal(trimBlanks(' \ta b\t '), 'a b')
    assert.equal(trimBlanks('\xa0a\xc3\xa0'), '\xa0a\xc3\xa0')
    assert.equal(trimBlanks(' \t'), '')
  })
})
