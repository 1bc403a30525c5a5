// What a simulated request has of condition keys: what the caller has given, and what follows from who is simulated.
// https://docs.aws.amazon.com/IAM/latest/APIReference/API_ContextEntry.html
import type { ContextKeys } from '../../../protocol/policy/access-request.ts'
import { lowerAscii } from '../../../protocol/policy/ascii-case.ts'
import type { QueryParameters } from '../../../protocol/query/query-parameters.ts'

export type SimulatedContext = ContextKeys & { has(key: string): boolean }

const scalars = ['string', 'numeric', 'boolean', 'ip', 'binary', 'date'] as const
const types = [...scalars, ...scalars.map((type) => `${type}List`)]

/** Throws `ValidationError`. `known`: by keys in lower case. */
export function readContext(
  parameters: QueryParameters,
  known: ReadonlyMap<string, string>,
): SimulatedContext {
  const values = new Map<string, string | readonly string[]>(known)
  for (const entry of parameters.structures('ContextEntries')) {
    const name = entry.text('ContextKeyName', { from: 5, to: 256 })
    const type = entry.word('ContextKeyType', types)
    const given = entry.list('ContextKeyValues')
    const [first] = given
    const isOne = given.length === 1 && type?.endsWith('List') !== true
    values.set(lowerAscii(name), isOne && first !== undefined ? first : given)
  }
  return { get: (key) => values.get(key), has: (key) => values.has(key) }
}
