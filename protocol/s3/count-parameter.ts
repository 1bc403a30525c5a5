// The page sizes and positions that clients ask for in numbers: max-keys, max-uploads, max-parts,
// max-buckets, part-number-marker.
import type { Query } from './request-target.ts'
import { S3Error } from './s3-error.ts'

const int32Max = 2_147_483_647

export type CountRule = {
  /** The query parameter. */
  readonly name: string
  /** Taken when the parameter is absent or empty. */
  readonly absent: number
  /** More is allowed and cut to this. */
  readonly max: number
  /** How the error for a negative number calls the parameter; `name` unless said. */
  readonly argumentName?: string
  /** The whole message for a negative number, where S3 words it otherwise. */
  readonly negativeMessage?: string
}

/** A number from 0 to `rule.max`. Throws `InvalidArgument` for what is no 32-bit integer, or negative. */
export function parseCount(query: Query, rule: CountRule): number {
  const raw = query.get(rule.name)
  if (raw === undefined || raw === '') return rule.absent
  const count = parseInt32(raw)
  if (count === undefined) {
    throw invalid(rule.name, raw, `Provided ${rule.name} not an integer or within integer range`)
  }
  if (count < 0) {
    const name = rule.argumentName ?? rule.name
    const message = `Argument ${name} must be an integer between 0 and ${int32Max}`
    throw invalid(name, raw, rule.negativeMessage ?? message)
  }
  return Math.min(count, rule.max)
}

/** Undefined for anything but a decimal integer that fits 32 bits. */
export function parseInt32(raw: string): number | undefined {
  if (!/^[+-]?\d{1,16}$/.test(raw)) return undefined
  const value = Number(raw)
  return value >= -int32Max - 1 && value <= int32Max ? value : undefined
}

function invalid(name: string, value: string, message: string): S3Error {
  return new S3Error('InvalidArgument', { ArgumentName: name, ArgumentValue: value }, { message })
}
