// CompleteMultipartUpload.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_CompleteMultipartUpload.html
import { createHash } from 'node:crypto'
import type { ObjectVersion, Upload, UploadId, VersionId } from '../../../metadata/records.ts'
import type { ShownChecksum } from '../../../protocol/s3/checksum-headers.ts'
import { parseContentMd5 } from '../../../protocol/s3/checksums/checksum-value.ts'
import { multipartEtag } from '../../../protocol/s3/checksums/multipart-digests.ts'
import { type ParsedWriteCondition, parsePutConditions } from '../../../protocol/s3/conditions.ts'
import {
  checkExpectedChecksum,
  checkObjectSize,
  type ExpectedChecksum,
  parseExpectedChecksum,
  parseObjectSize,
} from '../../../protocol/s3/expected-object.ts'
import { xmlBytesMax } from '../../../protocol/s3/limits.ts'
import {
  checkCompletionType,
  defaultUploadChecksum,
} from '../../../protocol/s3/multipart-checksum.ts'
import {
  type CompletedObject,
  checkPartOrder,
  completeParts,
} from '../../../protocol/s3/multipart-completion.ts'
import { headerText } from '../../../protocol/s3/request-headers.ts'
import { S3Error } from '../../../protocol/s3/s3-error.ts'
import { noSuchUpload, parseUploadId } from '../../../protocol/s3/upload-id.ts'
import { writtenVersionId } from '../../../protocol/s3/version-id.ts'
import {
  type NamedPart,
  readCompleteMultipartUpload,
} from '../../../protocol/s3/xml/read-complete-multipart-upload.ts'
import { renderCompleteMultipartUpload } from '../../../protocol/s3/xml/render-complete-multipart-upload.ts'
import { readUploadedParts } from '../../data/write/uploaded-parts.ts'
import { type Reply, xmlReply } from '../../reply.ts'
import type { ObjectCall, Operation } from '../operation.ts'
import { commitRefused } from '../write/commit-refused.ts'
import { noSuchBucket } from '../write/require-upload.ts'
import { collectPayload, verifyPayloadSha256 } from '../write/small-payload.ts'

/** Times that parts are read again because some were uploaded meanwhile. */
const triesMax = 5

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
  for (let tries = 0; tries < triesMax; tries += 1) {
    const last = named.at(-1)?.number ?? 0
    const { uploads } = call.services.metadata
    const uploaded = await readUploadedParts(uploads, { bucket: call.bucket, upload }, last)
    // Somebody else has completed or aborted it since it was read.
    if (uploaded === undefined) return answerRepeat(request)
    const stored = uploaded.parts
    const object = completeParts({ uploadId, checksum: upload.checksum, named, stored })
    checkObjectSize(objectBytes, object.size)
    checkExpectedChecksum(expected, object)
    const reply = await commit(request, upload, { object, revision: uploaded.revision })
    if (reply !== undefined) return reply
  }
  throw new S3Error('SlowDown')
}

function parseExpectations(call: ObjectCall, upload: Upload): ExpectedChecksum | undefined {
  const checksum = upload.checksum ?? defaultUploadChecksum
  checkCompletionType(call.headers, checksum)
  return parseExpectedChecksum(call.headers, checksum.type)
}

/** Nothing: a part was uploaded since they were read. */
async function commit(
  request: Request,
  upload: Upload,
  { object, revision }: { readonly object: CompletedObject; readonly revision: number },
): Promise<Reply | undefined> {
  const { call, uploadId, condition } = request
  const { size, etag, crc32, checksum } = object
  const { headers, userMetadata, tags, storageClass, acl } = upload
  const described = { headers, userMetadata, tags, storageClass }
  const outcome = await call.services.metadata.uploads.complete({
    bucket: call.bucket,
    upload: { key: call.key, uploadId },
    revision,
    parts: object.parts,
    content: {
      ...{ size, etag, crc32, checksum, ...described },
      ...(acl === undefined ? {} : { acl }),
    },
    ...(condition === undefined ? {} : { condition }),
    nowMs: call.services.now(),
  })
  switch (outcome.is) {
    case 'committed':
      return completedReply(call, { etag, checksum, versionId: outcome.versionId })
    case 'partsChanged':
      return undefined
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
  const version = await call.services.metadata.uploads.completed(call.bucket, { key, uploadId })
  if (version === undefined || !isOf(version, named)) throw noSuchUpload(uploadId)
  const { etag, checksum, versionId } = version
  return completedReply(call, { etag, checksum, versionId })
}

/** Its ETag is made of those of its parts, so that it tells whether they were these. */
function isOf({ data, etag }: ObjectVersion, named: readonly NamedPart[]): boolean {
  const etags = named.map((part) => part.etag.toLowerCase())
  return (
    data.is === 'parts' &&
    data.parts.length === named.length &&
    data.parts.every(({ number }, at) => named[at]?.number === number) &&
    etags.every((one) => /^[0-9a-f]{32}$/.test(one)) &&
    multipartEtag(etags) === etag
  )
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

/**
 * Unlike elsewhere, `x-amz-checksum-*` headers speak of the object and not of the body, so that only the
 * signature's SHA-256 and Content-MD5 are compared. Throws `MaxMessageLengthExceeded`,
 * `XAmzContentSHA256Mismatch`, `InvalidDigest`, `BadDigest`.
 */
async function readCompletionBody({ body, headers }: ObjectCall): Promise<Buffer> {
  const md5Text = headerText(headers, 'content-md5')
  const md5 = md5Text === undefined ? undefined : parseContentMd5(md5Text)
  const whole = await collectPayload(body, xmlBytesMax)
  verifyPayloadSha256(whole, body.expectedSha256)
  if (md5 !== undefined && !createHash('md5').update(whole).digest().equals(md5)) {
    throw new S3Error('BadDigest', { ExpectedDigest: md5.toString('base64') })
  }
  return whole
}
