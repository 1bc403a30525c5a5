// The condition keys that a policy is about, as it writes them: what has to be known of a request to tell what the policy says.
import { lowerAscii } from './ascii-case.ts'
import type { CompiledPolicy } from './compile-policy.ts'
import { namedKeys } from './names-key-like.ts'

const variable = /\$\{[ ]*([A-Za-z0-9][^,'{}$*?]*)/g

/** By the same in lower case, in the order in which they are found. */
export function writtenKeys(policy: CompiledPolicy): ReadonlyMap<string, string> {
  const written = new Map<string, string>()
  const add = (key: string) => {
    const lower = lowerAscii(key)
    if (!written.has(lower)) written.set(lower, key)
  }
  const named = new Set(policy.statements.flatMap(namedKeys))
  for (const { conditions, resources } of policy.document.statements) {
    for (const { key } of conditions) add(key)
    const texts = [...(resources?.values ?? []), ...conditions.flatMap(({ values }) => values)]
    for (const text of texts) {
      // Only in the later version of the language are they variables.
      for (const [, key = ''] of text.matchAll(variable)) {
        if (named.has(lowerAscii(key.trimEnd()))) add(key.trimEnd())
      }
    }
  }
  return written
}
