// The version ids that clients may send: what this server has issued, or `null`.
import { S3Error } from './s3-error.ts'

const issued = /^[0-9a-f]{32}$/

/** 32 lower-case hex digits, or `null` for the null version. */
export type VersionIdText = string & { readonly __brand: 'VersionId' }

/**
 * Reads a version id. `argumentName` is where it stood, for the error: `versionId` unless said.
 * Throws `InvalidArgument` for text that this server cannot have issued.
 */
export function parseVersionId(raw: string, argumentName = 'versionId'): VersionIdText | 'null' {
  const id = versionIdOrNone(raw)
  if (id !== undefined) return id
  const empty = raw === ''
  throw new S3Error(
    'InvalidArgument',
    { ArgumentName: argumentName, ArgumentValue: raw },
    {
      message: empty ? 'Version id cannot be the empty string' : 'Invalid version id specified',
    },
  )
}

/** Undefined: nothing is named, or what is named this server cannot have issued. */
export function versionIdOrNone(raw: string | undefined): VersionIdText | 'null' | undefined {
  return raw === 'null' || (raw !== undefined && issued.test(raw))
    ? (raw as VersionIdText | 'null')
    : undefined
}

/**
 * What `x-amz-version-id` says in the answer to a write: nothing of the null version, which is what an
 * unversioned bucket gets and a suspended one. Reads and deletions do say `null`.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html#API_PutObject_Examples
 */
export function writtenVersionId(id: VersionIdText | 'null'): VersionIdText | undefined {
  return id === 'null' ? undefined : id
}
