// The CORS rules of a bucket as they are stored.
import assert from 'node:assert/strict'
import { encodeCorsRules, parseCorsRules } from '../../../metadata/codec/cors-codec.ts'
import { encodeRecord, RecordCorrupt } from '../../../metadata/codec/record-frame.ts'
import type { CorsRule } from '../../../protocol/s3/cors/cors-rule.ts'
import {
  readCorsConfiguration,
  renderCorsConfiguration,
} from '../../../protocol/s3/xml/cors-configuration.ts'
import { describe } from '../../support/describe.ts'

const rules: readonly CorsRule[] = [
  {
    ...{ id: 'ü', allowedMethods: ['GET', 'HEAD'], allowedOrigins: ['*', 'http://a'] },
    ...{ allowedHeaders: ['x-*'], exposeHeaders: ['ETag'], maxAgeSeconds: 0 },
  },
  { allowedMethods: ['PUT'], allowedOrigins: [''], allowedHeaders: [], exposeHeaders: [] },
]

describe('stored CORS rules', (test) => {
  test('come back as they were', () => {
    assert.deepEqual(parseCorsRules(encodeCorsRules(rules)), rules)
  })

  test('are no longer than the XML that they came in', () => {
    const least = '<AllowedMethod>GET</AllowedMethod><AllowedOrigin/>'
    for (const inner of [least, `${least}<AllowedHeader/>`.repeat(3)]) {
      const xml = `<CORSConfiguration>${`<CORSRule>${inner}</CORSRule>`.repeat(100)}</CORSConfiguration>`
      const read = readCorsConfiguration(Buffer.from(xml))
      assert.ok(encodeCorsRules(read).length < xml.length)
    }
    assert.ok(encodeCorsRules(rules).length < renderCorsConfiguration(rules).length)
  })

  test('of another shape are damage', () => {
    for (const fields of [['text'], [[null, ['PATCH'], ['*']]], [[1, ['GET'], ['*']]]]) {
      assert.throws(() => parseCorsRules(encodeRecord(1, fields)), RecordCorrupt)
    }
    assert.throws(() => parseCorsRules(encodeRecord(2, [])), /format 2, this program knows 1 to 1/)
  })
})
