// Parameters of AWS's query protocol: a form, in which lists are numbered (`Tags.member.1.Key`). Whoever reads one says
// what it must be, and throws what AWS answers to other values.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/programming.html
import { constraintError, QueryError } from './query-error.ts'

/** Bytes of a body. The longest documents that IAM takes are far shorter. */
export const queryBytesMax = 512 * 1024
const parametersMax = 5_000

export type TextRule = {
  readonly from?: number
  readonly to?: number
  /** The whole must match. With what AWS says of it. */
  readonly pattern?: RegExp
}

export class QueryParameters {
  readonly #values: ReadonlyMap<string, string>
  readonly #prefix: string

  constructor(values: ReadonlyMap<string, string>, prefix = '') {
    this.#values = values
    this.#prefix = prefix
  }

  /** As it came; undefined: it did not. */
  raw(name: string): string | undefined {
    return this.#values.get(this.#prefix + name)
  }

  /** Throws `ValidationError`. */
  optional(name: string, rule: TextRule = {}): string | undefined {
    const value = this.raw(name)
    if (value === undefined) return undefined
    const { from = 0, to, pattern } = rule
    // Lengths are of characters, as people count them.
    const length = [...value].length
    if (length < from) {
      throw constraintError(value, name, `Member must have length greater than or equal to ${from}`)
    }
    if (to !== undefined && length > to) {
      throw constraintError(
        shortened(value),
        name,
        `Member must have length less than or equal to ${to}`,
      )
    }
    if (pattern !== undefined && !pattern.test(value)) {
      throw constraintError(
        shortened(value),
        name,
        `Member must satisfy regular expression pattern: ${pattern.source.replace(/^\^|\$$/g, '')}`,
      )
    }
    return value
  }

  /** Throws `ValidationError`. */
  text(name: string, rule: TextRule = { from: 1 }): string {
    const value = this.optional(name, rule)
    if (value === undefined) throw constraintError(undefined, name, 'Member must not be null')
    return value
  }

  /** Throws `ValidationError`. */
  integer(
    name: string,
    { from, to }: { readonly from: number; readonly to: number },
  ): number | undefined {
    const value = this.raw(name)
    if (value === undefined) return undefined
    if (!/^-?\d{1,10}$/.test(value)) {
      throw new QueryError('ValidationError', `${name} must be a number.`)
    }
    const number = Number(value)
    if (number < from) {
      throw constraintError(value, name, `Member must have value greater than or equal to ${from}`)
    }
    if (number > to) {
      throw constraintError(value, name, `Member must have value less than or equal to ${to}`)
    }
    return number
  }

  /** Throws `ValidationError`. */
  flag(name: string): boolean | undefined {
    const value = this.raw(name)
    if (value === undefined) return undefined
    if (value === 'true' || value === 'false') return value === 'true'
    throw new QueryError('ValidationError', `${name} must be true or false.`)
  }

  /** One of the words. Throws `ValidationError`. */
  word<Word extends string>(name: string, words: readonly Word[]): Word | undefined {
    const value = this.raw(name)
    if (value === undefined) return undefined
    const found = words.find((word) => word === value)
    if (found !== undefined) return found
    throw constraintError(value, name, `Member must satisfy enum value set: [${words.join(', ')}]`)
  }

  /** Texts of a list, in its order. */
  list(name: string): readonly string[] {
    const found: string[] = []
    for (let at = 1; ; at += 1) {
      const value = this.raw(`${name}.member.${at}`)
      if (value === undefined) return found
      found.push(value)
    }
  }

  /** Structures of a list, in its order. */
  structures(name: string): readonly QueryParameters[] {
    const before = `${this.#prefix}${name}.member.`
    const there = this.#numbersBelow(before)
    const found: QueryParameters[] = []
    for (let at = 1; there.has(String(at)); at += 1) {
      found.push(new QueryParameters(this.#values, `${before}${at}.`))
    }
    return found
  }

  /** In one pass, however many there are. */
  #numbersBelow(before: string): ReadonlySet<string> {
    const numbers = new Set<string>()
    for (const name of this.#values.keys()) {
      if (!name.startsWith(before)) continue
      const dot = name.indexOf('.', before.length)
      if (dot >= 0) numbers.add(name.slice(before.length, dot))
    }
    return numbers
  }
}

/** Throws `MalformedQueryString` for what is no form, and for a name that is there twice. */
export function parseQueryParameters(form: string): QueryParameters {
  const values = new Map<string, string>()
  for (const pair of form.split('&')) {
    if (pair === '') continue
    const equals = pair.indexOf('=')
    const name = decode(equals < 0 ? pair : pair.slice(0, equals))
    if (values.has(name)) throw malformed(`The parameter ${name} is there twice.`)
    if (values.size >= parametersMax) throw malformed('There are too many parameters.')
    values.set(name, equals < 0 ? '' : decode(pair.slice(equals + 1)))
  }
  return new QueryParameters(values)
}

function decode(raw: string): string {
  try {
    return decodeURIComponent(raw.replaceAll('+', ' '))
  } catch {
    throw malformed('The parameters are not percent-encoded UTF-8.')
  }
}

function malformed(message: string): QueryError {
  return new QueryError('MalformedQueryString', message)
}

/** Errors repeat what was sent, but not megabytes of it. */
function shortened(value: string): string {
  return value.length > 256 ? `${value.slice(0, 256)}…` : value
}
