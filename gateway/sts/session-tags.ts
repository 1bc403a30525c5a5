// Tags that a session is given, and those that go on from session to session of a chain of roles.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html
import type { Tag } from '../../metadata/records.ts'
import { lowerAscii } from '../../protocol/policy/ascii-case.ts'
import { constraintError, QueryError } from '../../protocol/query/query-error.ts'
import type { QueryParameters } from '../../protocol/query/query-parameters.ts'
import type { Session } from '../access/identity.ts'

export type SessionTags = {
  readonly tags: readonly Tag[]
  /** Of those, which go on. */
  readonly transitiveKeys: readonly string[]
}

export const noTags: SessionTags = { tags: [], transitiveKeys: [] }

export const sessionTagsMax = 50
const keyForm = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]+$/u
const valueForm = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u
const keyRule = { from: 1, to: 128, pattern: keyForm }
const valueRule = { from: 0, to: 256, pattern: valueForm }

/** Throws `ValidationError` and `InvalidParameterValue`. */
export function readSessionTags(parameters: QueryParameters): SessionTags {
  const tags = parameters.structures('Tags').map((tag) => ({
    key: tag.text('Key', keyRule),
    value: tag.text('Value', valueRule),
  }))
  return checkTags({ tags, transitiveKeys: parameters.list('TransitiveTagKeys') })
}

/** Whether tags that came otherwise, in a token, could have come as parameters. */
export function areTags(tags: readonly Tag[]): boolean {
  return tags.every(
    ({ key, value }) =>
      keyForm.test(key) && [...key].length <= 128 && valueForm.test(value) && value.length <= 256,
  )
}

/** Throws `ValidationError` and `InvalidParameterValue`. */
export function checkTags(asked: SessionTags): SessionTags {
  const { tags, transitiveKeys } = asked
  if (tags.length > sessionTagsMax || transitiveKeys.length > sessionTagsMax) {
    const constraint = `Member must have length less than or equal to ${sessionTagsMax}`
    throw constraintError(`[${tags.length} tags]`, 'Tags', constraint)
  }
  const keys = new Set(tags.map(({ key }) => lowerAscii(key)))
  if (keys.size !== tags.length) {
    throw wrongValue('Duplicate tag keys found. Please note that Tag keys are case insensitive.')
  }
  if (tags.some(({ key }) => lowerAscii(key).startsWith('aws:'))) {
    throw wrongValue('Tag keys that begin with aws: are reserved.')
  }
  if (!transitiveKeys.every((key) => keys.has(lowerAscii(key)))) {
    throw wrongValue('The specified transitive tag key must be included in the requested tags.')
  }
  return asked
}

/** What the caller's own session passes on. */
export function inheritedTags(session: Session | undefined): readonly Tag[] {
  const goOn = new Set(session?.transitiveTagKeys?.map((key) => lowerAscii(key)))
  return (session?.tags ?? []).filter(({ key }) => goOn.has(lowerAscii(key)))
}

/** With what was inherited, which nobody can replace. Throws `InvalidParameterValue`. */
export function chainTags(inherited: readonly Tag[], asked: SessionTags): SessionTags {
  const keys = new Set(inherited.map(({ key }) => lowerAscii(key)))
  if (asked.tags.some(({ key }) => keys.has(lowerAscii(key)))) {
    throw wrongValue(
      "One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key from the calling session.",
    )
  }
  const tags = [...inherited, ...asked.tags]
  const transitiveKeys = [...inherited.map(({ key }) => key), ...asked.transitiveKeys]
  return checkTags({ tags, transitiveKeys })
}

export function tagFields({ tags, transitiveKeys }: SessionTags): Partial<Session> {
  return {
    ...(tags.length === 0 ? {} : { tags }),
    ...(transitiveKeys.length === 0 ? {} : { transitiveTagKeys: transitiveKeys }),
  }
}

function wrongValue(message: string): QueryError {
  return new QueryError('InvalidParameterValue', message)
}
