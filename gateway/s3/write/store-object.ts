// Receives the payload of a request and commits it as an object: PutObject, and POST forms once their
// fields are read as headers.
import type { Committed } from '../../../metadata/metadata-store.ts'
import type { Checksum } from '../../../metadata/records.ts'
import { addChecksumHeaders } from '../../../protocol/s3/checksum-headers.ts'
import { parsePutConditions } from '../../../protocol/s3/conditions.ts'
import { quoteEtag } from '../../../protocol/s3/etag.ts'
import { parseObjectHeaders, type ReplyHeaders } from '../../../protocol/s3/object-headers.ts'
import { headerText } from '../../../protocol/s3/request-headers.ts'
import { parseTaggingHeader } from '../../../protocol/s3/tag-set.ts'
import { refuseUnsupportedWriteHeaders } from '../../../protocol/s3/unsupported-write-headers.ts'
import { writtenVersionId } from '../../../protocol/s3/version-id.ts'
import { aclOfWrite } from '../acl/acl-of-write.ts'
import type { ObjectCall } from '../operation.ts'
import { commitRefused, refuseEarly } from './commit-refused.ts'
import { receivePayload } from './receive-payload.ts'

export type StoredObject = {
  readonly committed: Committed
  /** Hex without quotes. */
  readonly etag: string
  readonly checksum: Checksum
}

/**
 * Every refusal that the headers call for comes before the first byte of the body is read. Throws the
 * errors of `parseObjectHeaders`, `refuseUnsupportedWriteHeaders`, `parseTaggingHeader`, `aclOfWrite`,
 * `receivePayload` and `commitRefused`.
 */
export async function storeObject(
  call: ObjectCall,
  options: { readonly sizeMax: number; readonly lengthOptional?: true },
): Promise<StoredObject> {
  refuseUnsupportedWriteHeaders(call.headers)
  const parsed = parseObjectHeaders(call.headers)
  const tagging = headerText(call.headers, 'x-amz-tagging')
  const tags = tagging === undefined ? [] : parseTaggingHeader(tagging)
  const condition = parsePutConditions(call.headers)
  const acl = await aclOfWrite(call)
  await refuseEarly(call, condition)
  const { piece, checksum } = await receivePayload(call, options)
  const etag = piece.md5.toString('hex')
  const { size, crc32 } = piece
  const outcome = await piece.commit((data) =>
    call.services.metadata.objects.commit({
      bucket: call.bucket,
      key: call.key,
      content: {
        ...{ size, etag, crc32, checksum, ...parsed, tags, data },
        ...(acl === undefined ? {} : { acl }),
      },
      ...(condition === undefined ? {} : { condition }),
      nowMs: call.services.now(),
    }),
  )
  if (outcome.is === 'committed') return { committed: outcome, etag, checksum }
  const target = { bucketName: call.bucket.name, key: call.key }
  throw commitRefused(outcome, condition === undefined ? target : { ...target, condition })
}

/** Headers of the reply to an object stored. */
export function storedHeaders(stored: StoredObject): ReplyHeaders {
  const { committed } = stored
  const headers: ReplyHeaders = {
    ETag: quoteEtag(stored.etag),
    'x-amz-server-side-encryption': 'AES256',
  }
  headers['x-amz-version-id'] = writtenVersionId(committed.versionId)
  addChecksumHeaders(headers, stored.checksum)
  return headers
}
