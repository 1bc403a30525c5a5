// The answer of the actions that list the tags of something: a page of them, in the order of their keys.
// https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListRoleTags.html
import type { Tag } from '../../metadata/records.ts'
import type { QueryParameters } from '../../protocol/query/query-parameters.ts'
import { pageOf, readPage, renderPage } from './iam-page.ts'
import { renderTag } from './iam-tags.ts'

/** Throws `ValidationError`. */
export function listTags(parameters: QueryParameters, tags: readonly Tag[]): string {
  const ordered = [...tags].sort((a, b) => (a.key < b.key ? -1 : 1))
  return renderPage(
    'Tags',
    pageOf(ordered, ({ key }) => key, readPage(parameters)),
    renderTag,
  )
}
