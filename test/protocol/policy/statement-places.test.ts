// Where statements are in a text: what lies between the places is the statement, however the document is written.
import assert from 'node:assert'
import { compilePolicy } from '../../../protocol/policy/compile-policy.ts'
import { parsePolicy } from '../../../protocol/policy/parse-policy.ts'
import { policySizes } from '../../../protocol/policy/policy-sizes.ts'
import { placeStatements, type TextPosition } from '../../../protocol/policy/statement-places.ts'
import { writtenKeys } from '../../../protocol/policy/written-keys.ts'
import { describe } from '../../support/describe.ts'
import { seededBytes } from '../../support/seeded-bytes.ts'

/** Texts of the statements as the places say. */
function between(text: string): readonly unknown[] {
  const lines = text.split('\n')
  const offset = ({ line, column }: TextPosition) =>
    lines.slice(0, line - 1).reduce((sum, each) => sum + each.length + 1, 0) + column - 2
  return placeStatements(text).map(({ start, end }) =>
    JSON.parse(text.slice(offset(start), offset(end) + 1)),
  )
}

const statement = (of: string, more: object = {}) => ({
  ...{ Effect: 'Allow', Action: `s3:${of}`, Resource: ['arn:aws:s3:::{"Statement":[{}]}', '*'] },
  ...more,
})

describe('the places of statements', (test) => {
  test('are theirs, of one and of many, with names and brackets in strings', () => {
    const condition = { StringEquals: { 'aws:x/Statement': ['"}]', '\\', '[{'], 'aws:y': '{' } }
    const many = [statement('A', { Condition: condition }), statement('B', { Sid: 'Statement' })]
    for (const indent of [undefined, 1, 4, '\t']) {
      const of = (Statement: unknown, more: object = {}) =>
        JSON.stringify(
          { Id: 'Statement', Version: '2012-10-17', Statement, ...more },
          undefined,
          indent,
        )
      assert.deepStrictEqual(between(of(many)), many)
      assert.deepStrictEqual(between(of(many[0])), [many[0]])
      assert.deepStrictEqual(between(of(many, { Id: '{"Statement": {}}' })), many)
    }
    const escaped = `{"Stat\\u0065ment" : ${JSON.stringify(many[1])}, "Id": ":"}`
    assert.deepStrictEqual(between(escaped), [many[1]])
  })

  test('with white space anywhere, and names in any order', () => {
    const random = seededBytes()
    for (let round = 0; round < 300; round += 1) {
      const statements = Array.from({ length: 1 + random.integer(4) }, (_, at) =>
        statement(`A${at}`, random.integer(2) === 0 ? {} : { Sid: `S${at}` }),
      )
      const members = [
        ['Version', '2012-10-17'],
        ['Id', ['x', 'Statement', '[', '}'][random.integer(4)]],
        ['Statement', statements],
      ].toSorted(() => random.integer(3) - 1)
      const bare = JSON.stringify(Object.fromEntries(members))
      const space = () => ['', '', ' ', '\n', '\r\n', '\t \n'][random.integer(6)]
      // Between tokens, and not within strings.
      const text = bare.replace(/"(?:[^"\\]|\\.)*"|[{}[\],:]/g, (token) => token + space())
      parsePolicy(text, { kind: 'identity', size: policySizes.stored })
      assert.deepStrictEqual(between(text), statements, text)
    }
  })
})

describe('the condition keys of a policy', (test) => {
  const keysOf = (json: object) => {
    const document = parsePolicy(JSON.stringify(json), {
      kind: 'identity',
      size: policySizes.stored,
    })
    return [...writtenKeys(compilePolicy(document, 'x'))]
  }

  test('are as it writes them first, with those of variables where there are any', () => {
    const variable = (key: string) => `\${${key}}`
    const Statement = {
      ...statement('A', {
        Resource: `arn:aws:s3:::a/${variable('aws:UserName')}-${variable('*')}`,
      }),
      Condition: {
        StringLike: { 's3:Prefix': [variable("aws:PrincipalTag/Team, 'none'"), 'x'] },
        Null: { 'S3:PREFIX': 'true' },
      },
    }
    assert.deepStrictEqual(keysOf({ Version: '2012-10-17', Statement }), [
      ['s3:prefix', 's3:Prefix'],
      ['aws:username', 'aws:UserName'],
      ['aws:principaltag/team', 'aws:PrincipalTag/Team'],
    ])
    assert.deepStrictEqual(keysOf({ Version: '2008-10-17', Statement }), [
      ['s3:prefix', 's3:Prefix'],
    ])
  })
})
