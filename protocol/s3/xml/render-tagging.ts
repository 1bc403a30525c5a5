// The answer of GetObjectTagging and GetBucketTagging.
import type { Tag } from '../tag-set.ts'
import { element, parent, s3Document } from './xml-writer.ts'

export function renderTagging(tags: readonly Tag[]): string {
  const rows = tags.map((tag) =>
    parent('Tag', element('Key', tag.key), element('Value', tag.value)),
  )
  return s3Document('Tagging', parent('TagSet', ...rows))
}
