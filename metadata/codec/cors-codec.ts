// The CORS rules of a bucket as bytes: a record with a field a rule, which is a list.
import { type CorsRule, parseCorsMethod } from '../../protocol/s3/cors/cors-rule.ts'
import {
  array,
  count,
  decodeRecord,
  encodeRecord,
  type Fields,
  id,
  optionalText,
  text,
} from './record-frame.ts'

export function encodeCorsRules(rules: readonly CorsRule[]): Buffer {
  const lists = rules.map((rule) => [
    rule.id ?? null,
    rule.allowedMethods,
    rule.allowedOrigins,
    rule.allowedHeaders,
    rule.exposeHeaders,
    rule.maxAgeSeconds ?? null,
  ])
  return encodeRecord(1, lists)
}

/** Throws `RecordCorrupt`. */
export function parseCorsRules(bytes: Uint8Array): readonly CorsRule[] {
  const lists = decodeRecord('CORS rules of a bucket', bytes)
  return lists.map((_, index) => parseRule(array(lists, index)))
}

function parseRule(fields: Fields): CorsRule {
  const ruleId = optionalText(fields, 0)
  const methods = array(fields, 1)
  return {
    ...(ruleId === undefined ? {} : { id: ruleId }),
    allowedMethods: methods.map((_, index) => id(parseCorsMethod, methods, index)),
    allowedOrigins: texts(fields, 2),
    allowedHeaders: texts(fields, 3),
    exposeHeaders: texts(fields, 4),
    ...(fields[5] == null ? {} : { maxAgeSeconds: count(fields, 5) }),
  }
}

function texts(fields: Fields, index: number): readonly string[] {
  const list = array(fields, index)
  return list.map((_, at) => text(list, at))
}
