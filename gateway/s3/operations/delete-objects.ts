// DeleteObjects: up to a thousand deletions, each with an outcome of its own.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html
import type { DeleteOutcome } from '../../../metadata/metadata-store.ts'
import { keyBytesMax, xmlBytesMax } from '../../../protocol/s3/limits.ts'
import { S3Error } from '../../../protocol/s3/s3-error.ts'
import { versionIdOrNone } from '../../../protocol/s3/version-id.ts'
import {
  type ObjectToDelete,
  readDeleteObjects,
} from '../../../protocol/s3/xml/read-delete-objects.ts'
import {
  type DeletionResult,
  renderDeleteObjects,
} from '../../../protocol/s3/xml/render-delete-objects.ts'
import { requirePermission } from '../../access/require.ts'
import { asS3Error, isStorageFull } from '../../data/storage-failure.ts'
import { xmlReply } from '../../reply.ts'
import type { BucketCall, Operation } from '../operation.ts'
import { requireIntegrity } from '../write/require-integrity.ts'

/** Deletions under way at once: enough that they share commits, few enough to leave others room. */
const deletionsAtOnce = 64

export const deleteObjects: Operation<BucketCall> = async (call) => {
  requireIntegrity(call)
  const { objects, quiet } = readDeleteObjects(await call.body.bytes(xmlBytesMax))
  const hungUp = call.client.hungUp()
  const results = new Array<DeletionResult>(objects.length)
  call.notes.deletions = results
  await eachBounded(objects, async (object, index) => {
    // Nobody would learn which were deleted: none is begun any more.
    hungUp.throwIfAborted()
    results[index] = await deleteOne(call, object)
  })
  return xmlReply(renderDeleteObjects(results, { quiet }))
}

async function deleteOne(call: BucketCall, object: ObjectToDelete): Promise<DeletionResult> {
  try {
    return await tryDelete(call, object)
  } catch (cause) {
    // Also on a full disk some may have been deleted, and the client is to know which.
    const error = isStorageFull(cause) ? asS3Error(cause) : cause
    if (!(error instanceof S3Error) || error.code === 'NoSuchBucket') throw cause
    const { key, versionId } = object
    return {
      is: 'failed',
      key,
      ...(versionId === undefined ? {} : { versionId }),
      code: error.code,
      message: error.message,
    }
  }
}

async function tryDelete(call: BucketCall, object: ObjectToDelete): Promise<DeletionResult> {
  const { key, condition } = object
  const { bucket } = call
  const action = object.versionId === undefined ? 's3:DeleteObject' : 's3:DeleteObjectVersion'
  const versionId = versionIdOrNone(object.versionId)
  await requirePermission(call, action, { is: 'object', bucket, key, versionId })
  if (Buffer.byteLength(key) > keyBytesMax) throw new S3Error('KeyTooLongError')
  // In a list of deletions, S3 answers a malformed version id as one that is not there.
  if (object.versionId !== undefined && versionId === undefined) throw new S3Error('NoSuchVersion')
  const outcome = await call.services.metadata.objects.delete({
    bucket,
    key,
    ...(versionId === undefined ? {} : { versionId }),
    ...(condition === undefined ? {} : { condition }),
    nowMs: call.services.now(),
  })
  return deletionResult(outcome, object)
}

function deletionResult(outcome: DeleteOutcome, object: ObjectToDelete): DeletionResult {
  const { key, versionId } = object
  switch (outcome.is) {
    case 'deleted':
      return {
        is: 'deleted',
        key,
        ...(versionId === undefined ? {} : { versionId }),
        ...(outcome.deleteMarker && outcome.versionId !== undefined
          ? { deleteMarkerVersionId: outcome.versionId }
          : {}),
      }
    case 'preconditionFailed':
      throw new S3Error('PreconditionFailed')
    case 'noSuchKey':
      throw new S3Error('NoSuchKey')
    case 'noSuchBucket':
      throw new S3Error('NoSuchBucket')
    default:
      return outcome satisfies never
  }
}

/**
 * Throws what the first has thrown that failed: none is begun afterwards, and all that were begun have ended.
 */
async function eachBounded<Item>(
  items: readonly Item[],
  work: (item: Item, index: number) => Promise<void>,
): Promise<void> {
  const queue = items.entries()
  const failures: unknown[] = []
  const takeTurns = async () => {
    for (const [index, item] of queue) {
      if (failures.length > 0) return
      await work(item, index).catch((cause: unknown) => failures.push(cause))
    }
  }
  const turns = Math.min(deletionsAtOnce, items.length)
  await Promise.all(Array.from({ length: turns }, takeTurns))
  if (failures.length > 0) throw failures[0]
}
