// The XML of PutBucketCors and GetBucketCors.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketCors.html
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/ManageCorsUsing.html
import { type CorsMethod, type CorsRule, parseCorsMethod } from '../cors/cors-rule.ts'
import { isHeaderName } from '../header-text.ts'
import { corsRuleIdCharactersMax, corsRulesMax } from '../limits.ts'
import { S3Error } from '../s3-error.ts'
import {
  optionalText,
  readXml,
  refuseOtherChildren,
  requireBody,
  type XmlElement,
} from './xml-reader.ts'
import { element, parent, s3Document } from './xml-writer.ts'

/**
 * Throws `MissingRequestBodyError`, `MalformedXML`, and `InvalidRequest` for too many rules, for an id that is too long
 * or there twice, and for methods, origins and headers that no rule can have.
 */
export function readCorsConfiguration(body: Buffer): readonly CorsRule[] {
  const root = readXml(requireBody(body), 'CORSConfiguration')
  refuseOtherChildren(root, ['CORSRule'])
  if (root.children.length === 0) throw new S3Error('MalformedXML')
  if (root.children.length > corsRulesMax) {
    throw invalid(
      `The number of CORS rules should not exceed allowed limit of ${corsRulesMax} rules.`,
    )
  }
  const rules = root.children.map(readRule)
  const ids = rules.flatMap(({ id }) => (id === undefined ? [] : [id]))
  if (new Set(ids).size !== ids.length) {
    throw invalid('Rule ID must be unique. Found same ID for more than one rule')
  }
  return rules
}

const ruleElements = [
  'ID',
  'AllowedMethod',
  'AllowedOrigin',
  'AllowedHeader',
  'ExposeHeader',
  'MaxAgeSeconds',
]

function readRule(rule: XmlElement): CorsRule {
  refuseOtherChildren(rule, ruleElements)
  const id = readId(rule)
  const maxAgeSeconds = readMaxAge(rule)
  const allowedMethods = textsOf(rule, 'AllowedMethod').map(requireMethod)
  const allowedOrigins = textsOf(rule, 'AllowedOrigin')
  const allowedHeaders = textsOf(rule, 'AllowedHeader')
  const exposeHeaders = textsOf(rule, 'ExposeHeader')
  if (allowedMethods.length === 0 || allowedOrigins.length === 0) throw new S3Error('MalformedXML')
  for (const origin of allowedOrigins) requireOneWildcard('AllowedOrigin', origin)
  for (const header of allowedHeaders) requireOneWildcard('AllowedHeader', header)
  for (const header of exposeHeaders) requireExposable(header)
  return {
    ...(id === undefined ? {} : { id }),
    allowedMethods,
    allowedOrigins,
    allowedHeaders,
    exposeHeaders,
    ...(maxAgeSeconds === undefined ? {} : { maxAgeSeconds }),
  }
}

/** Of the children of that name, in order. */
function textsOf(rule: XmlElement, name: string): readonly string[] {
  return rule.children.flatMap((child) => {
    if (child.name !== name) return []
    if (child.children.length > 0) throw new S3Error('MalformedXML')
    return [child.text]
  })
}

/** An empty one counts as none. */
function readId(rule: XmlElement): string | undefined {
  const id = optionalText(rule, 'ID')
  if (id === undefined || id === '') return undefined
  if (id.length > corsRuleIdCharactersMax) {
    throw invalid(`ID length should not exceed allowed limit of ${corsRuleIdCharactersMax}`)
  }
  return id
}

/** What a schema calls an int, and not below zero. */
const maxAgeSyntax = /^\s*\+?0*(\d{1,10})\s*$/
const intMax = 2 ** 31 - 1

function readMaxAge(rule: XmlElement): number | undefined {
  const text = optionalText(rule, 'MaxAgeSeconds')
  if (text === undefined) return undefined
  const seconds = Number(maxAgeSyntax.exec(text)?.[1] ?? Number.NaN)
  if (!(seconds <= intMax)) throw new S3Error('MalformedXML')
  return seconds
}

function requireMethod(raw: string): CorsMethod {
  const method = parseCorsMethod(raw)
  if (method !== undefined) return method
  throw invalid(`Found unsupported HTTP method in CORS config. Unsupported method is ${raw}`)
}

function requireOneWildcard(name: string, pattern: string): void {
  if (pattern.indexOf('*') === pattern.lastIndexOf('*')) return
  throw invalid(`${name} "${pattern}" can not have more than one wildcard.`)
}

/** These are sent in a header themselves. */
function requireExposable(header: string): void {
  if (header.includes('*')) {
    throw invalid(
      `ExposeHeader "${header}" contains wildcard. We currently do not support wildcard for ExposeHeader.`,
    )
  }
  if (!isHeaderName(header)) throw invalid(`ExposeHeader "${header}" contains invalid character.`)
}

function invalid(message: string): S3Error {
  return new S3Error('InvalidRequest', {}, { message })
}

export function renderCorsConfiguration(rules: readonly CorsRule[]): string {
  return s3Document('CORSConfiguration', ...rules.map(renderRule))
}

function renderRule(rule: CorsRule): string {
  return parent(
    'CORSRule',
    element('ID', rule.id),
    ...rule.allowedMethods.map((method) => element('AllowedMethod', method)),
    ...rule.allowedOrigins.map((origin) => element('AllowedOrigin', origin)),
    ...rule.allowedHeaders.map((header) => element('AllowedHeader', header)),
    ...rule.exposeHeaders.map((header) => element('ExposeHeader', header)),
    element('MaxAgeSeconds', rule.maxAgeSeconds),
  )
}
