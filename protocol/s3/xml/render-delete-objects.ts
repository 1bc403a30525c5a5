// The answer of DeleteObjects: what became of each key.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html
import { element, parent, s3Document } from './xml-writer.ts'

export type DeletedObject = {
  readonly is: 'deleted'
  readonly key: string
  /** The version the client named. */
  readonly versionId?: string
  /** The delete marker that was made, or was removed. */
  readonly deleteMarkerVersionId?: string
}

export type FailedDeletion = {
  readonly is: 'failed'
  readonly key: string
  readonly versionId?: string
  readonly code: string
  readonly message: string
}

export type DeletionResult = DeletedObject | FailedDeletion

/** Results in the order of the request; only the failures when `quiet`. */
export function renderDeleteObjects(
  results: readonly DeletionResult[],
  { quiet }: { readonly quiet: boolean },
): string {
  const shown = quiet ? results.filter((result) => result.is === 'failed') : results
  return s3Document('DeleteResult', ...shown.map(resultElement))
}

function resultElement(result: DeletionResult): string {
  const named = element('Key', result.key) + element('VersionId', result.versionId)
  if (result.is === 'failed') {
    return parent('Error', named, element('Code', result.code), element('Message', result.message))
  }
  const markerId = result.deleteMarkerVersionId
  return parent(
    'Deleted',
    named,
    element('DeleteMarker', markerId === undefined ? undefined : true),
    element('DeleteMarkerVersionId', markerId),
  )
}
