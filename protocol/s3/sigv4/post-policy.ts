// The policy document of a POST upload: parsed here and matched against the fields of the form.
// https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-HTTPPOSTConstructPolicy.html
import { isUtf8 } from 'node:buffer'
import { S3Error } from '../s3-error.ts'
import { type FormFields, foldFieldName } from './post-form.ts'

export type PostCondition =
  /** `field` in lower case, without `$`. */
  | { readonly is: 'eq' | 'starts-with'; readonly field: string; readonly value: string }
  | { readonly is: 'content-length-range'; readonly min: number; readonly max: number }

export type PostPolicy = {
  readonly expiresMs: number
  readonly conditions: readonly PostCondition[]
}

/** Bytes the file may have, both ends included. */
export type FileSizeRange = { readonly min: number; readonly max: number }

/** Throws `InvalidPolicyDocument` for anything that is no policy. */
export function parsePostPolicy(base64: string): PostPolicy {
  const bytes = Buffer.from(base64, 'base64')
  if (bytes.length === 0 || !isUtf8(bytes)) throw invalid('Invalid Base64 or UTF-8.')
  const document = parseJson(bytes.toString('utf8'))
  if (!isObject(document)) throw invalid('The document must be a JSON object.')
  if (typeof document.expiration !== 'string') throw invalid('Policy missing expiration.')
  if (!Array.isArray(document.conditions)) throw invalid('Policy missing conditions.')
  return {
    expiresMs: parseExpiration(document.expiration),
    conditions: document.conditions.map(parseCondition),
  }
}

export type PostCheck = {
  /** With file names put in (`expandFileName`). */
  readonly fields: FormFields
  readonly bucket: string
  readonly nowMs: number
}

/**
 * The sizes the policy allows the file; without a condition on them, all. Throws `AccessDenied` when the
 * policy has expired, a condition fails, or a field is mentioned by no condition.
 */
export function checkPostPolicy(policy: PostPolicy, check: PostCheck): FileSizeRange {
  if (check.nowMs >= policy.expiresMs) throw denied('Policy expired.')
  let min = 0
  let max = Number.MAX_SAFE_INTEGER
  const covered = new Set<string>()
  for (const condition of policy.conditions) {
    if (condition.is === 'content-length-range') {
      min = Math.max(min, condition.min)
      max = Math.min(max, condition.max)
      continue
    }
    const { field } = condition
    covered.add(field)
    const value = field === 'bucket' ? check.bucket : (check.fields.get(field) ?? '')
    if (!holds(condition, value)) {
      const shown = `["${condition.is}", "$${field}", ${JSON.stringify(condition.value)}]`
      throw denied(`Policy Condition failed: ${shown}`)
    }
  }
  const extra = [...check.fields.keys()].filter((field) => !covered.has(field) && !isFree(field))
  if (extra.length > 0) throw denied(`Extra input fields: ${extra.join(', ')}`)
  return { min, max }
}

type FieldCondition = Extract<PostCondition, { readonly field: string }>

function holds(condition: FieldCondition, value: string): boolean {
  if (condition.is === 'eq') return value === condition.value
  if (condition.field !== 'content-type') return value.startsWith(condition.value)
  // A list of types is as good as the worst of them.
  return value.split(',').every((type) => type.trim().startsWith(condition.value))
}

/** Fields that need no condition. */
function isFree(field: string): boolean {
  return (
    field === 'policy' ||
    field === 'x-amz-signature' ||
    field === 'signature' ||
    field === 'awsaccesskeyid' ||
    field === 'file' ||
    field.startsWith('x-ignore-')
  )
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw invalid('Invalid JSON.', cause)
  }
}

const isoDate = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?Z$/

function parseExpiration(raw: string): number {
  const ms = isoDate.test(raw) ? Date.parse(raw) : Number.NaN
  if (Number.isNaN(ms)) throw invalid(`Invalid 'expiration' value: '${raw}'`)
  return ms
}

function parseCondition(raw: unknown): PostCondition {
  if (Array.isArray(raw)) return parseListCondition(raw)
  if (!isObject(raw)) throw invalid('Invalid condition: expecting an object or an array.')
  const entries = Object.entries(raw)
  const [entry] = entries
  if (entry === undefined || entries.length > 1) {
    throw invalid(
      'Invalid Simple-Condition: Simple-Conditions must have exactly one property specified.',
    )
  }
  const [field, value] = entry
  if (typeof value !== 'string') throw invalid('Invalid Simple-Condition: value must be a string.')
  return { is: 'eq', field: foldFieldName(field), value }
}

function parseListCondition(raw: readonly unknown[]): PostCondition {
  const [operator, first, second] = raw
  if (raw.length !== 3 || typeof operator !== 'string') {
    throw invalid('Invalid condition: expecting an operator and two values.')
  }
  const is = operator.toLowerCase()
  if (is === 'content-length-range') {
    const [min, max] = [parseSize(first), parseSize(second)]
    return { is, min, max }
  }
  if (is !== 'eq' && is !== 'starts-with') {
    throw invalid(`Invalid condition: unknown operator '${operator}'.`)
  }
  if (typeof first !== 'string' || !first.startsWith('$') || typeof second !== 'string') {
    throw invalid(`Invalid ${is} condition: expecting "$field" and a string.`)
  }
  return { is, field: foldFieldName(first.slice(1)), value: second }
}

function parseSize(raw: unknown): number {
  const size = typeof raw === 'string' && /^\d{1,15}$/.test(raw) ? Number(raw) : raw
  if (typeof size === 'number' && Number.isSafeInteger(size) && size >= 0) return size
  throw invalid('Invalid content-length-range: expecting two numbers of bytes.')
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function invalid(problem: string, cause?: unknown): S3Error {
  return new S3Error('InvalidPolicyDocument', undefined, {
    message: `Invalid Policy: ${problem}`,
    cause,
  })
}

function denied(problem: string): S3Error {
  return new S3Error('AccessDenied', undefined, {
    message: `Invalid according to Policy: ${problem}`,
  })
}
