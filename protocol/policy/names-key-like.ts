// Which keys of a request a policy is about at all, so that what is dear to find out is left alone otherwise.
import type { CompiledPolicy } from './compile-policy.ts'

/**
 * Whether a condition key, or a policy variable in a resource or in the value of a condition, begins with
 * `prefix`, which is in lower case.
 */
export function namesKeyLike({ statements }: CompiledPolicy, prefix: string): boolean {
  return statements.some(
    ({ conditions, resources }) =>
      conditions.some(({ keys }) => keys.some((key) => key.startsWith(prefix))) ||
      resources?.open.some((parts) =>
        parts.some((part) => part.is === 'variable' && part.key.startsWith(prefix)),
      ),
  )
}
