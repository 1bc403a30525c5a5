import assert from 'node:assert/strict'
import type { CorsRule } from '../../../../protocol/s3/cors/cors-rule.ts'
import { answerPreflight, parsePreflight } from '../../../../protocol/s3/cors/preflight.ts'
import { describe } from '../../../support/describe.ts'

const origin = 'https://app.example.org'
const target = { resourceType: 'OBJECT', withoutRules: 'nothing is set.' } as const
const rules: readonly CorsRule[] = [
  {
    ...{ allowedMethods: ['PUT'], allowedOrigins: [origin], allowedHeaders: ['*'] },
    exposeHeaders: [],
  },
]
const ask = (headers: Readonly<Record<string, string>>) =>
  answerPreflight(parsePreflight(headers), rules, target)
const method = { 'access-control-request-method': 'PUT' }

describe('a preflight', (test) => {
  test('says of which origin, for which method, and with which headers, in lower case', () => {
    const named = { 'access-control-request-headers': ' Content-Type,,X-Amz-Date , ' }
    assert.deepEqual(parsePreflight({ origin, ...method, ...named }), {
      ...{ origin, method: 'PUT', headers: ['content-type', 'x-amz-date'] },
    })
    assert.deepEqual(parsePreflight({ origin, ...method }).headers, [])
  })

  test('without an origin or a method that can be allowed is no preflight', () => {
    const without = (headers: Readonly<Record<string, string>>, message: string) =>
      assert.throws(() => parsePreflight(headers), { code: 'BadRequest', status: 400, message })
    const noOrigin = 'Insufficient information. Origin request header needed.'
    without({}, noOrigin)
    without({ ...method, origin: '' }, noOrigin)
    without({ origin }, 'Invalid Access-Control-Request-Method: null')
    for (const other of ['OPTIONS', 'PATCH', 'get', 'a\u00ff']) {
      const asked = { origin, 'access-control-request-method': other }
      without(asked, `Invalid Access-Control-Request-Method: ${other}`)
    }
  })

  test('is answered with the headers that were named', () => {
    const named = { 'access-control-request-headers': 'Content-Type, X-Amz-Date' }
    const headers = ask({ origin, ...method, ...named })
    assert.equal(headers['Access-Control-Allow-Headers'], 'content-type, x-amz-date')
    assert.equal(headers['Access-Control-Allow-Origin'], origin)
  })

  test('that no rule fits is forbidden, and told what was asked', () => {
    const details = { Method: 'PUT', ResourceType: 'OBJECT' }
    const forbidden = { code: 'AccessForbidden', status: 403, details }
    const other = { origin: 'http://other', ...method }
    assert.throws(() => ask(other), { ...forbidden, message: /^CORSResponse: This CORS request/ })
    const odd = { origin, ...method, 'access-control-request-headers': 'a b' }
    assert.throws(() => ask(odd), forbidden)
    assert.throws(() => answerPreflight(parsePreflight({ origin, ...method }), [], target), {
      ...forbidden,
      message: 'CORSResponse: nothing is set.',
    })
  })
})
