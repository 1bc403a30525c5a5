import assert from 'node:assert/strict'
import type { CorsRule } from '../../../../protocol/s3/cors/cors-rule.ts'
import {
  readCorsConfiguration,
  renderCorsConfiguration,
} from '../../../../protocol/s3/xml/cors-configuration.ts'
import { describe } from '../../../support/describe.ts'

const least = '<AllowedMethod>GET</AllowedMethod><AllowedOrigin>*</AllowedOrigin>'
const read = (...rules: readonly string[]) => {
  const elements = rules.map((rule) => `<CORSRule>${rule}</CORSRule>`).join('')
  return readCorsConfiguration(Buffer.from(`<CORSConfiguration>${elements}</CORSConfiguration>`))
}
const leastRule = { allowedMethods: ['GET'], allowedOrigins: ['*'] }

describe('a CORS configuration in XML', (test) => {
  test('is read as it is written, in the order that it has', () => {
    const rules: readonly CorsRule[] = [
      {
        id: 'first & <only>',
        allowedMethods: ['PUT', 'POST', 'DELETE', 'GET', 'HEAD'],
        allowedOrigins: ['https://*.example.org', 'http://[::1]:3000'],
        allowedHeaders: ['x-amz-*', 'Content-Type'],
        exposeHeaders: ['ETag'],
        maxAgeSeconds: 3000,
      },
      { ...leastRule, allowedMethods: ['GET'], allowedHeaders: [], exposeHeaders: [] },
    ]
    assert.deepEqual(readCorsConfiguration(Buffer.from(renderCorsConfiguration(rules))), rules)
    assert.equal(
      renderCorsConfiguration(rules.slice(1)),
      '<?xml version="1.0" encoding="UTF-8"?>\n<CORSConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><CORSRule><AllowedMethod>GET</AllowedMethod><AllowedOrigin>*</AllowedOrigin></CORSRule></CORSConfiguration>',
    )
  })

  test('without its parts, or with others, is malformed', () => {
    for (const rule of [
      '',
      '<AllowedMethod>GET</AllowedMethod>',
      '<AllowedOrigin>*</AllowedOrigin>',
      `${least}<AllowedHeaders>*</AllowedHeaders>`,
      `${least}<ID>a</ID><ID>b</ID>`,
      `${least}<AllowedHeader><a/></AllowedHeader>`,
      `${least}<MaxAgeSeconds/>`,
      `${least}<MaxAgeSeconds>-1</MaxAgeSeconds>`,
      `${least}<MaxAgeSeconds>1.5</MaxAgeSeconds>`,
      `${least}<MaxAgeSeconds>2147483648</MaxAgeSeconds>`,
      `${least}<MaxAgeSeconds>1</MaxAgeSeconds><MaxAgeSeconds>1</MaxAgeSeconds>`,
    ]) {
      assert.throws(() => read(rule), { code: 'MalformedXML' }, rule)
    }
    const whole = (text: string) => () => readCorsConfiguration(Buffer.from(text))
    assert.throws(whole('<CORSConfiguration/>'), { code: 'MalformedXML' })
    assert.throws(whole('<CORSRules/>'), { code: 'MalformedXML' })
    assert.throws(whole('<CORSConfiguration><Rule/></CORSConfiguration>'), { code: 'MalformedXML' })
    assert.throws(whole(''), { code: 'MissingRequestBodyError' })
  })

  test('with what no rule can have is refused in S3’s words', () => {
    const cases: readonly (readonly [string, string])[] = [
      [
        '<AllowedMethod>OPTIONS</AllowedMethod><AllowedOrigin>*</AllowedOrigin>',
        'Found unsupported HTTP method in CORS config. Unsupported method is OPTIONS',
      ],
      [
        '<AllowedMethod>get</AllowedMethod><AllowedOrigin>*</AllowedOrigin>',
        'Found unsupported HTTP method in CORS config. Unsupported method is get',
      ],
      [
        '<AllowedMethod>GET</AllowedMethod><AllowedOrigin>http://*.a.*</AllowedOrigin>',
        'AllowedOrigin "http://*.a.*" can not have more than one wildcard.',
      ],
      [
        `${least}<AllowedHeader>**</AllowedHeader>`,
        'AllowedHeader "**" can not have more than one wildcard.',
      ],
      [
        `${least}<ExposeHeader>x-amz-*</ExposeHeader>`,
        'ExposeHeader "x-amz-*" contains wildcard. We currently do not support wildcard for ExposeHeader.',
      ],
      [
        `${least}<ExposeHeader>a b</ExposeHeader>`,
        'ExposeHeader "a b" contains invalid character.',
      ],
      [`${least}<ExposeHeader/>`, 'ExposeHeader "" contains invalid character.'],
      [`${least}<ID>${'i'.repeat(256)}</ID>`, 'ID length should not exceed allowed limit of 255'],
    ]
    for (const [rule, message] of cases) {
      assert.throws(() => read(least, rule), { code: 'InvalidRequest', status: 400, message }, rule)
    }
  })

  test('has up to a hundred rules', () => {
    const rules = Array.from({ length: 101 }, () => least)
    assert.equal(read(...rules.slice(1)).length, 100)
    assert.throws(() => read(...rules), {
      code: 'InvalidRequest',
      message: 'The number of CORS rules should not exceed allowed limit of 100 rules.',
    })
  })

  test('has ids of up to 255 characters, each once, and an empty one is none', () => {
    const id = 'i'.repeat(255)
    assert.deepEqual(
      read(`<ID>${id}</ID>${least}`, `<ID/>${least}`, `<ID></ID>${least}`).map((rule) => rule.id),
      [id, undefined, undefined],
    )
    assert.throws(() => read(`<ID>a</ID>${least}`, `<ID>a</ID>${least}`), {
      code: 'InvalidRequest',
      message: 'Rule ID must be unique. Found same ID for more than one rule',
    })
  })

  test('says how long in whole seconds, as a schema reads them', () => {
    const seconds = (text: string) =>
      read(`${least}<MaxAgeSeconds>${text}</MaxAgeSeconds>`)[0]?.maxAgeSeconds
    assert.deepEqual(['0', ' 3000\n', '+007', '2147483647'].map(seconds), [0, 3000, 7, 2147483647])
  })
})
