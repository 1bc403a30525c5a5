// What a line of the audit log says of DeleteObjects: each key with its own outcome, as many as fit into a line, and
// how many more there were.
import type { DeletionResult } from '../../protocol/s3/xml/render-delete-objects.ts'
import { boundedText } from './bounded-text.ts'

export const shownObjectsMax = 100
/** Of what they take in a line, which is less than half of the longest. */
const shownBytesMax = 24 * 1024
const keyMax = 1024
const versionIdMax = 128

type Outcome = 'deleted' | 'failed' | 'unknown'

/** `unknown`: nothing was begun, or nobody knows, for the request has ended before. */
function outcomeOf(result: DeletionResult | undefined): Outcome {
  return result?.is ?? 'unknown'
}

type DeletionFields = {
  readonly objects: readonly object[]
  /** Counted by outcome, when `objects` are not all. */
  readonly moreObjects: Partial<Record<Outcome, number>> | undefined
}

/** Objects of unknown outcome are only counted. */
export function deletionFields(results: readonly (DeletionResult | undefined)[]): DeletionFields {
  const objects: object[] = []
  const more: Partial<Record<Outcome, number>> = {}
  let bytes = 0
  // By index: holes are outcomes too.
  for (let at = 0; at < results.length; at += 1) {
    const result = results[at]
    const shown = result === undefined ? undefined : fieldsOf(result)
    const shownBytes = shown === undefined ? 0 : Buffer.byteLength(JSON.stringify(shown))
    const isRoom = objects.length < shownObjectsMax && bytes + shownBytes <= shownBytesMax
    if (shown !== undefined && isRoom) {
      objects.push(shown)
      bytes += shownBytes
    } else {
      const outcome = outcomeOf(result)
      more[outcome] = (more[outcome] ?? 0) + 1
    }
  }
  return { objects, moreObjects: objects.length === results.length ? undefined : more }
}

function fieldsOf(result: DeletionResult): object {
  const { key, versionId } = result
  return {
    key: boundedText(key, keyMax),
    versionId: versionId === undefined ? undefined : boundedText(versionId, versionIdMax),
    outcome: result.is,
    errorCode: result.is === 'failed' ? result.code : undefined,
  }
}
