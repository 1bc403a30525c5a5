// GetObjectAttributes. https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectAttributes.html
import type { ChecksumAlgorithm, ObjectVersion, Part } from '../../../metadata/records.ts'
import { formatHttpDate } from '../../../protocol/s3/http-date.ts'
import { partChecksum } from '../../../protocol/s3/multipart-completion.ts'
import { headerText } from '../../../protocol/s3/request-headers.ts'
import { S3Error } from '../../../protocol/s3/s3-error.ts'
import { refuseCustomerKey } from '../../../protocol/s3/unsupported-write-headers.ts'
import {
  type AttributedPart,
  type AttributedParts,
  renderObjectAttributes,
} from '../../../protocol/s3/xml/render-object-attributes.ts'
import { xmlReply } from '../../reply.ts'
import type { ObjectCall, Operation } from '../operation.ts'
import { findRequestedVersion } from '../read/find-version.ts'

const header = 'x-amz-object-attributes'
const known: ReadonlySet<string> = new Set([
  'ETag',
  'Checksum',
  'ObjectParts',
  'StorageClass',
  'ObjectSize',
])
const partsMaxDefault = 1000

export const getObjectAttributes: Operation<ObjectCall> = async (call) => {
  const asked = parseAttributes(headerText(call.headers, header))
  refuseCustomerKey(call.headers)
  const { bucket, version } = await findRequestedVersion(call)
  const parts = asked.has('ObjectParts') ? await describeParts(call, version) : undefined
  const document = renderObjectAttributes({
    ...(asked.has('ETag') ? { etag: version.etag } : {}),
    ...(asked.has('Checksum') && version.checksum !== undefined
      ? { checksum: version.checksum }
      : {}),
    ...(parts === undefined ? {} : { parts }),
    ...(asked.has('StorageClass') ? { storageClass: version.storageClass } : {}),
    ...(asked.has('ObjectSize') ? { size: version.size } : {}),
  })
  return xmlReply(document, {
    'Last-Modified': formatHttpDate(version.modifiedMs),
    'x-amz-version-id': bucket.versioning === 'off' ? undefined : version.versionId,
  })
}

function parseAttributes(raw: string | undefined): ReadonlySet<string> {
  const names = (raw ?? '')
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '')
  if (names.length === 0) {
    throw new S3Error('InvalidRequest', undefined, {
      message:
        'The x-amz-object-attributes header specifying the attributes to be retrieved is either missing or empty',
    })
  }
  for (const name of names) {
    if (known.has(name)) continue
    throw new S3Error(
      'InvalidArgument',
      { ArgumentName: header, ArgumentValue: name },
      { message: 'Invalid attribute name specified.' },
    )
  }
  return new Set(names)
}

/** Only of objects uploaded in parts; the parts themselves only where they have checksums. */
async function describeParts(
  call: ObjectCall,
  version: ObjectVersion,
): Promise<AttributedParts | undefined> {
  if (version.data.is !== 'parts') return undefined
  const partsMax = parseCount(headerText(call.headers, 'x-amz-max-parts'), partsMaxDefault)
  const marker = parseCount(headerText(call.headers, 'x-amz-part-number-marker'), 0)
  const numbers = version.data.parts.map(({ number }) => number)
  const count = numbers.length
  if (version.checksum === undefined) return { count }
  const { algorithm } = version.checksum
  const limit = Math.min(partsMax, partsMaxDefault)
  const behind = numbers.filter((number) => number > marker)
  const shown = behind.slice(0, limit)
  const stored = await call.services.metadata.uploads.readParts(version.data, shown)
  const parts = stored.map((part) => attributedPart(part, algorithm))
  const isTruncated = limit > 0 && behind.length > limit
  return { count, page: { marker, partsMax, isTruncated, parts } }
}

/** With the checksum that is of the object's algorithm: that of the object is made of them. */
function attributedPart(part: Omit<Part, 'data'>, algorithm: ChecksumAlgorithm): AttributedPart {
  const { number, size } = part
  const value = partChecksum(part, algorithm)
  return { number, size, ...(value === undefined ? {} : { checksum: { algorithm, value } }) }
}

/** S3 ignores what is no number here. */
function parseCount(raw: string | undefined, fallback: number): number {
  return raw !== undefined && /^\d{1,9}$/.test(raw) ? Number(raw) : fallback
}
