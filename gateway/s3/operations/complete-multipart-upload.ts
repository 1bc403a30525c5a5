// CompleteMultipartUpload.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_CompleteMultipartUpload.html
import type { Part, Upload, UploadId, VersionId } from '../../../metadata/records.ts'
import type { ShownChecksum } from '../../../protocol/s3/checksum-headers.ts'
import { type ParsedWriteCondition, parsePutConditions } from '../../../protocol/s3/conditions.ts'
import {
  checkExpectedChecksum,
  type ExpectedChecksum,
  parseExpectedChecksum,
} from '../../../protocol/s3/expected-object-checksum.ts'
import { listKeysMax } from '../../../protocol/s3/limits.ts'
import {
  checkCompletionType,
  defaultUploadChecksum,
} from '../../../protocol/s3/multipart-checksum.ts'
import {
  type CompletedObject,
  checkPartOrder,
  completeParts,
  invalidPart,
} from '../../../protocol/s3/multipart-completion.ts'
import { checkObjectSize, parseObjectSize } from '../../../protocol/s3/multipart-object-size.ts'
import { noSuchUpload, parseUploadId } from '../../../protocol/s3/upload-id.ts'
import { writtenVersionId } from '../../../protocol/s3/version-id.ts'
import {
  type NamedPart,
  readCompleteMultipartUpload,
} from '../../../protocol/s3/xml/read-complete-multipart-upload.ts'
import { renderCompleteMultipartUpload } from '../../../protocol/s3/xml/render-complete-multipart-upload.ts'
import { type Reply, xmlReply } from '../../reply.ts'
import type { ObjectCall, Operation } from '../operation.ts'
import { commitRefused } from '../write/commit-refused.ts'
import { readCompletionBody } from '../write/read-completion-body.ts'
import { noSuchBucket } from '../write/require-upload.ts'

type Request = {
  readonly call: ObjectCall
  readonly uploadId: UploadId
  readonly named: readonly NamedPart[]
  readonly condition: ParsedWriteCondition | undefined
}

export const completeMultipartUpload: Operation<ObjectCall> = async (call) => {
  const condition = parsePutConditions(call.headers)
  const objectBytes = parseObjectSize(call.headers)
  const uploadId = parseUploadId(call.query.get('uploadId'))
  const named = readCompleteMultipartUpload(await readCompletionBody(call))
  const request = { call, uploadId, named, condition }
  const upload = await call.services.metadata.uploads.get(call.bucket, { key: call.key, uploadId })
  if (upload === undefined) return answerRepeat(request)
  const expected = parseExpectations(call, upload)
  checkPartOrder(named, uploadId)
  const stored = await storedParts(call, uploadId, named)
  const object = completeParts({ uploadId, checksum: upload.checksum, named, stored })
  checkObjectSize(objectBytes, object.size)
  checkExpectedChecksum(expected, object)
  return commit(request, upload, object)
}

function parseExpectations(call: ObjectCall, upload: Upload): ExpectedChecksum | undefined {
  const checksum = upload.checksum ?? defaultUploadChecksum
  checkCompletionType(call.headers, checksum)
  return parseExpectedChecksum(call.headers, checksum.type)
}

/** The parts of the upload up to the last one named, by number. */
async function storedParts(call: ObjectCall, uploadId: UploadId, named: readonly NamedPart[]) {
  const last = named.at(-1)?.number ?? 0
  const stored = new Map<number, Omit<Part, 'data'>>()
  let after = 0
  for (;;) {
    const page = await call.services.metadata.uploads.listParts(
      { uploadId },
      { after, limit: listKeysMax },
    )
    for (const part of page.parts) stored.set(part.number, part)
    after = page.parts.at(-1)?.number ?? last
    if (!page.isTruncated || after >= last) return stored
  }
}

async function commit(request: Request, upload: Upload, object: CompletedObject): Promise<Reply> {
  const { call, uploadId, named, condition } = request
  const { size, etag, crc32, checksum } = object
  const { headers, userMetadata, tags, storageClass } = upload
  const outcome = await call.services.metadata.uploads.complete({
    bucket: call.bucket,
    upload: { key: call.key, uploadId },
    parts: object.parts.map((part) => ({ number: part.number, etag: part.etag, size: part.size })),
    content: { size, etag, crc32, checksum, headers, userMetadata, tags, storageClass },
    ...(condition === undefined ? {} : { condition }),
    nowMs: call.services.now(),
  })
  switch (outcome.is) {
    case 'committed':
      return completedReply(call, { etag, checksum, versionId: outcome.versionId })
    case 'partChanged': {
      const changed = named.find((part) => part.number === outcome.number)
      throw invalidPart(changed ?? { number: outcome.number, etag: '' }, uploadId)
    }
    // Somebody else has completed or aborted it since it was read.
    case 'noSuchUpload':
      return answerRepeat(request)
    case 'noSuchBucket':
      throw noSuchBucket(call)
    case 'preconditionFailed':
    case 'noSuchKey': {
      const target = { bucketName: call.bucket.name, key: call.key }
      throw commitRefused(outcome, condition === undefined ? target : { ...target, condition })
    }
    default:
      return outcome satisfies never
  }
}

/**
 * A client that did not hear the answer asks again: an upload that became a version of these very
 * parts is answered as the first time, condition or not. Throws `NoSuchUpload` otherwise.
 */
async function answerRepeat({ call, uploadId, named }: Request): Promise<Reply> {
  const { key } = call
  const completed = await call.services.metadata.uploads.completed(call.bucket, { key, uploadId })
  const same =
    completed?.parts.length === named.length &&
    completed.parts.every((part, at) => {
      const asked = named[at]
      return asked?.number === part.number && asked.etag.toLowerCase() === part.etag
    })
  if (completed === undefined || !same) throw noSuchUpload(uploadId)
  const { etag, checksum, versionId } = completed.version
  return completedReply(call, { etag, checksum, versionId })
}

type Completed = {
  readonly etag: string
  readonly checksum: ShownChecksum | undefined
  readonly versionId: VersionId
}

function completedReply(call: ObjectCall, { etag, checksum, versionId }: Completed): Reply {
  const document = renderCompleteMultipartUpload({
    location: call.endpoint + call.rawPath,
    bucket: call.bucket.name,
    key: call.key,
    etag,
    checksum,
  })
  return xmlReply(document, {
    'x-amz-server-side-encryption': 'AES256',
    'x-amz-version-id': writtenVersionId(versionId),
  })
}
