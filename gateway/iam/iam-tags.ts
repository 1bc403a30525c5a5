// Tags of users, roles, policies and providers: read from parameters, written into answers.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_tags.html
import type { Tag } from '../../metadata/records.ts'
import { lowerAscii } from '../../protocol/policy/ascii-case.ts'
import { constraintError, QueryError } from '../../protocol/query/query-error.ts'
import type { QueryParameters, TextRule } from '../../protocol/query/query-parameters.ts'
import { members } from '../../protocol/query/render-query-reply.ts'
import { element } from '../../protocol/s3/xml/xml-writer.ts'
import { limitExceeded } from './no-such-entity.ts'

export const tagsMax = 50
const keyRule: TextRule = { from: 1, to: 128, pattern: /^[\p{L}\p{Z}\p{N}_.:/=+\-@]+$/u }
const valueRule: TextRule = { from: 0, to: 256, pattern: /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u }

/** Throws `ValidationError`, `InvalidInput` for a key that is there twice, `LimitExceeded`. */
export function readTags(parameters: QueryParameters): readonly Tag[] {
  const tags = parameters.structures('Tags').map((tag) => ({
    key: tag.text('Key', keyRule),
    value: tag.text('Value', valueRule),
  }))
  for (const { key } of tags) requireOwnKey(key)
  const keys = new Set(tags.map(({ key }) => lowerAscii(key)))
  if (keys.size !== tags.length) {
    throw new QueryError(
      'InvalidInput',
      'Duplicate tag keys found. Please note that Tag keys are case insensitive.',
    )
  }
  if (tags.length > tagsMax) throw limitExceeded('TagsPerResource', tagsMax)
  return tags
}

/** Throws `ValidationError`, `InvalidInput`. */
export function readTagKeys(parameters: QueryParameters): readonly string[] {
  const keys = parameters.list('TagKeys')
  if (keys.length > tagsMax) {
    const most = `Member must have length less than or equal to ${tagsMax}`
    throw constraintError(`[${keys.length} keys]`, 'TagKeys', most)
  }
  for (const [at, key] of keys.entries()) {
    parameters.text(`TagKeys.member.${at + 1}`, keyRule)
    requireOwnKey(key)
  }
  return keys
}

/** What begins with `aws:` is AWS's to give. */
function requireOwnKey(key: string): void {
  if (!lowerAscii(key).startsWith('aws:')) return
  throw new QueryError('InvalidInput', 'Tag keys that begin with aws: are reserved for system use.')
}

/** Throws `LimitExceeded`. */
export function withTags(before: readonly Tag[], added: readonly Tag[]): readonly Tag[] {
  const kept = withoutTags(
    before,
    added.map(({ key }) => key),
  )
  if (kept.length + added.length > tagsMax) throw limitExceeded('TagsPerResource', tagsMax)
  return [...kept, ...added]
}

/** Keys are compared without case, as IAM does: and just as conditions find them (`access/policy-context.ts`). */
export function withoutTags(before: readonly Tag[], keys: readonly string[]): readonly Tag[] {
  const gone = new Set(keys.map((key) => lowerAscii(key)))
  return before.filter(({ key }) => !gone.has(lowerAscii(key)))
}

/** Nothing without tags, as IAM leaves the element out. */
export function renderTags(tags: readonly Tag[]): string {
  return tags.length === 0 ? '' : members('Tags', tags.map(renderTag))
}

export function renderTag({ key, value }: Tag): string {
  return element('Key', key) + element('Value', value)
}
