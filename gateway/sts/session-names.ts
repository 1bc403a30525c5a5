// What names and durations of sessions may be. https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
import type { RoleDocument } from '../../metadata/identity-records.ts'
import { QueryError } from '../../protocol/query/query-error.ts'
import type { QueryParameters, TextRule } from '../../protocol/query/query-parameters.ts'

const nameForm = /^[\w+=,.@-]*$/

export const sessionNameRule: TextRule = { from: 2, to: 64, pattern: nameForm }
export const federatedNameRule: TextRule = { from: 2, to: 32, pattern: nameForm }
export const externalIdRule: TextRule = { from: 2, to: 1224, pattern: /^[\w+=,.@:\\/-]*$/ }

/** Throws `ValidationError`. */
export function readSourceIdentity(value: string): string {
  if (nameForm.test(value) && value.length >= 2 && value.length <= 64 && !/^aws:/i.test(value)) {
    return value
  }
  throw new QueryError(
    'ValidationError',
    'The source identity has 2 to 64 characters of [\\w+=,.@-].',
  )
}

const secondsMin = 900
const hour = 3600
const roleSecondsMax = 12 * hour

/** Of a session of a role: the role says how long it may be. `isChained`: a role's session has asked. Throws `ValidationError`. */
export function readRoleSeconds(
  parameters: QueryParameters,
  { sessionSecondsMax }: Pick<RoleDocument, 'sessionSecondsMax'>,
  { isChained }: { readonly isChained: boolean },
): number {
  const asked = parameters.integer('DurationSeconds', { from: secondsMin, to: roleSecondsMax })
  if (isChained && asked !== undefined && asked > hour) {
    throw new QueryError(
      'ValidationError',
      'The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.',
    )
  }
  if (asked !== undefined && asked > sessionSecondsMax) {
    throw new QueryError(
      'ValidationError',
      'The requested DurationSeconds exceeds the MaxSessionDuration set for this role.',
    )
  }
  return asked ?? hour
}

/** As conditions see it: before anybody knows what the role allows. */
export function askedSeconds(parameters: QueryParameters): string {
  return parameters.raw('DurationSeconds') ?? String(hour)
}

const userSecondsMax = 36 * hour

/** Of a session that a user gets for himself or lends; of the root user's, an hour at most. Throws `ValidationError`. */
export function readUserSeconds(
  parameters: QueryParameters,
  { isRoot }: { readonly isRoot: boolean },
): number {
  const asked = parameters.integer('DurationSeconds', { from: secondsMin, to: userSecondsMax })
  return isRoot ? Math.min(asked ?? hour, hour) : (asked ?? 12 * hour)
}
