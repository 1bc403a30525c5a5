// The header `x-amz-copy-source` of CopyObject and UploadPartCopy: `/bucket/key?versionId=id`, with
// bucket and key percent-encoded and a plain `+` standing for a space.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html
import { splitTenant } from './address.ts'
import { requireKeyLength } from './object-key.ts'
import { headerText, type RequestHeaders } from './request-headers.ts'
import { percentDecode } from './request-target.ts'
import { S3Error } from './s3-error.ts'

export type CopySource = {
  /** Of `tenant:bucket`, as in the path of a request. */
  readonly tenant?: string
  readonly bucketName: string
  readonly key: string
  /** As it stands in the header; `parseVersionId` makes it one. */
  readonly versionId?: string
}

const header = 'x-amz-copy-source'
const versionMark = '?versionId='

/** Throws `InvalidArgument` when it is missing, names no object, or has blanks that must be encoded. */
export function parseCopySource(headers: RequestHeaders): CopySource {
  const raw = headerText(headers, header)
  if (raw === undefined) throw invalid('')
  // A signature takes runs of blanks for one: `a  b` and `a b` would be signed alike.
  if (raw.includes('  ') || raw.includes('\t')) throw notEncoded(raw)
  const mark = raw.lastIndexOf(versionMark)
  const path = decode(mark === -1 ? raw : raw.slice(0, mark), raw)
  const versionId = mark === -1 ? undefined : decode(raw.slice(mark + versionMark.length), raw)
  const trimmed = path.startsWith('/') ? path.slice(1) : path
  const slash = trimmed.indexOf('/')
  const bucketName = slash === -1 ? '' : trimmed.slice(0, slash)
  const key = trimmed.slice(slash + 1)
  if (bucketName === '' || key === '') throw invalid(raw)
  requireKeyLength(key)
  const named = splitTenant(bucketName)
  const place =
    named === undefined
      ? { bucketName, key }
      : { tenant: named.tenant, bucketName: named.bucket, key }
  return versionId === undefined ? place : { ...place, versionId }
}

function decode(text: string, raw: string): string {
  try {
    return percentDecode(text.replaceAll('+', ' '))
  } catch (cause) {
    throw invalid(raw, cause)
  }
}

function invalid(raw: string, cause?: unknown): S3Error {
  return new S3Error(
    'InvalidArgument',
    { ArgumentName: header, ArgumentValue: raw },
    {
      message: 'Copy Source must mention the source bucket and key: sourcebucket/sourcekey',
      cause,
    },
  )
}

function notEncoded(raw: string): S3Error {
  return new S3Error(
    'InvalidArgument',
    { ArgumentName: header, ArgumentValue: raw },
    { message: 'Copy Source must be URL-encoded' },
  )
}
