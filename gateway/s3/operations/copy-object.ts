// CopyObject: by reference where the copy's ETag and checksum are known beforehand, else by taking the
// bytes in again. https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html
import type { Committed, NewPieceData } from '../../../metadata/metadata-store.ts'
import type { Checksum, ChecksumAlgorithm, ObjectVersion, Tag } from '../../../metadata/records.ts'
import type { ObjectAcl } from '../../../protocol/s3/acl/acl.ts'
import { putBytesMax } from '../../../protocol/s3/limits.ts'
import type { ReplyHeaders } from '../../../protocol/s3/object-headers.ts'
import { S3Error } from '../../../protocol/s3/s3-error.ts'
import { writtenVersionId } from '../../../protocol/s3/version-id.ts'
import { renderCopyObjectResult } from '../../../protocol/s3/xml/render-copy-object-result.ts'
import { requirePermission } from '../../access/require.ts'
import { xmlReply } from '../../reply.ts'
import { aclOfWrite } from '../acl/acl-of-write.ts'
import { commitByReference } from '../copy/copy-by-reference.ts'
import {
  type CopyRequest,
  describeCopy,
  parseCopyRequest,
  refuseCopyWithoutChange,
} from '../copy/copy-request.ts'
import { findCopySource, receiveStored } from '../copy/copy-source-version.ts'
import type { CopyCall, Operation } from '../operation.ts'
import type { FoundVersion } from '../read/find-version.ts'
import { useVersion } from '../read/use-version.ts'
import { commitRefused, refuseEarly } from '../write/commit-refused.ts'

export const copyObject: Operation<CopyCall> = async (call) => {
  const request = parseCopyRequest(call)
  const source = await findSource(call, request)
  refuseCopyWithoutChange(call, request)
  const acl = await aclOfWrite(call)
  await refuseEarly(call, request.condition)
  const copied =
    (await copyByReference(call, { request, source, acl })) ??
    (await useVersion(
      () => findSource(call, request),
      (now) => copyBytes(call, { request, source: now, acl }),
    ))
  const { committed } = copied
  const headers: ReplyHeaders = { 'x-amz-server-side-encryption': 'AES256' }
  headers['x-amz-version-id'] = writtenVersionId(committed.versionId)
  if (source.bucket.versioning !== 'off') {
    headers['x-amz-copy-source-version-id'] = copied.sourceVersionId
  }
  const { etag, checksum } = copied
  const { modifiedMs } = committed
  return xmlReply(renderCopyObjectResult({ etag, modifiedMs, checksum }), headers)
}

type Copy = {
  readonly request: CopyRequest
  readonly source: FoundVersion
  /** ACLs are not copied. */
  readonly acl: ObjectAcl | undefined
}

type Copied = {
  readonly committed: Committed
  readonly etag: string
  readonly checksum: Checksum | undefined
  readonly sourceVersionId: string
}

async function findSource(call: CopyCall, request: CopyRequest): Promise<FoundVersion> {
  const found = await findCopySource(call)
  if (found.version.size > putBytesMax) {
    throw new S3Error('InvalidRequest', undefined, {
      message: `The specified copy source is larger than the maximum allowable size for a copy source: ${putBytesMax}`,
    })
  }
  if (request.replaceTags === undefined && found.version.tags.length > 0) {
    await permitTags(call, found.version.tags)
  }
  return found
}

/** To read the tags that the copy gets, and to set them there. */
async function permitTags(call: CopyCall, requestTags: readonly Tag[]): Promise<void> {
  const { bucket, key, source } = call
  const ofVersion = source.versionId === undefined ? '' : 'Version'
  await requirePermission(call, `s3:GetObject${ofVersion}Tagging`, { is: 'object', ...source })
  await requirePermission(call, 's3:PutObjectTagging', { is: 'object', bucket, key, requestTags })
}

/**
 * Nothing: the bytes have to be read, because they go to another tenant, digests are not known, or chunks
 * have gone.
 */
async function copyByReference(call: CopyCall, copy: Copy): Promise<Copied | undefined> {
  const { version, bucket } = copy.source
  const { tenantId } = call.bucket
  // What tenants share is known to neither.
  if (bucket.tenantId !== tenantId) return undefined
  const { data, size, crc32, etag } = version
  const checksum = checksumAtHand(version, copy.request.algorithm)
  if (data.is === 'parts' || checksum === undefined) return undefined
  const { metadata, ingest } = call.services
  const parts = {
    chunks: metadata.chunks,
    tenantId,
    newList: () => ingest.newList(),
    signal: call.client.hungUp(),
  }
  const outcome = await commitByReference(parts, { data, size }, (newData) =>
    commitCopy(call, copy, { size, crc32, etag, checksum, data: newData }),
  )
  if (outcome.is === 'gone') return undefined
  return finish(call, copy, { outcome, etag, checksum })
}

/** The checksum the copy is to have, when it follows from what is recorded of the source. */
function checksumAtHand(
  version: ObjectVersion,
  algorithm: ChecksumAlgorithm | undefined,
): Checksum | undefined {
  const { checksum } = version
  if (
    checksum?.type === 'FULL_OBJECT' &&
    (algorithm ?? checksum.algorithm) === checksum.algorithm
  ) {
    return checksum
  }
  if (algorithm !== 'CRC32') return undefined
  const value = Buffer.alloc(4)
  value.writeUInt32BE(version.crc32)
  return { algorithm, type: 'FULL_OBJECT', value: value.toString('base64') }
}

async function copyBytes(call: CopyCall, copy: Copy): Promise<Copied> {
  const { version } = copy.source
  const algorithm = copy.request.algorithm ?? version.checksum?.algorithm ?? 'CRC64NVME'
  const piece = await receiveStored(call, copy.source, {
    range: { start: 0, end: version.size },
    algorithm,
  })
  const { size, crc32 } = piece
  const etag = piece.md5.toString('hex')
  const value = piece.digest(algorithm).toString('base64')
  const checksum: Checksum = { algorithm, type: 'FULL_OBJECT', value }
  const outcome = await piece.commit((data) =>
    commitCopy(call, copy, { size, crc32, etag, checksum, data }),
  )
  return finish(call, copy, { outcome, etag, checksum })
}

function commitCopy(
  call: CopyCall,
  copy: Copy,
  bytes: {
    readonly size: number
    readonly crc32: number
    readonly etag: string
    readonly checksum: Checksum
    readonly data: NewPieceData
  },
) {
  const { request, source, acl } = copy
  return call.services.metadata.objects.commit({
    bucket: call.bucket,
    key: call.key,
    content: {
      ...describeCopy(request, source),
      ...bytes,
      ...(acl === undefined ? {} : { acl }),
    },
    ...(request.condition === undefined ? {} : { condition: request.condition }),
    nowMs: call.services.now(),
  })
}

type CommitOutcome = Exclude<Awaited<ReturnType<typeof commitCopy>>, { is: 'gone' | 'lost' }>

function finish(
  call: CopyCall,
  copy: Copy,
  done: { outcome: CommitOutcome; etag: string; checksum: Checksum },
): Copied {
  const { outcome, etag, checksum } = done
  const sourceVersionId = copy.source.version.versionId
  if (outcome.is === 'committed') return { committed: outcome, etag, checksum, sourceVersionId }
  const target = { bucketName: call.bucket.name, key: call.key }
  const { condition } = copy.request
  throw commitRefused(outcome, condition === undefined ? target : { ...target, condition })
}
