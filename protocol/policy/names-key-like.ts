// Which keys of a request a policy is about at all, so that what is dear to find out is left alone otherwise.
import type { CompiledPolicy, CompiledStatement } from './compile-policy.ts'

/** In lower case: condition keys, and policy variables in resources and in the values of conditions. */
export function namedKeys({ conditions, resources }: CompiledStatement): readonly string[] {
  const variables = (resources?.open ?? []).flatMap((parts) =>
    parts.flatMap((part) => (part.is === 'variable' ? [part.key] : [])),
  )
  return [...conditions.flatMap(({ keys }) => keys), ...variables]
}

/** Whether it names a key that begins with `prefix`, which is in lower case. */
export function namesKeyLike({ statements }: CompiledPolicy, prefix: string): boolean {
  return statements.some((each) => namedKeys(each).some((key) => key.startsWith(prefix)))
}
