// Continuation tokens: where a listing goes on, in a form that clients have no reason to read. The
// token grants nothing, so it is not secret; its check sum tells a token of ours from other text.
import { createHash } from 'node:crypto'
import { S3Error } from './s3-error.ts'

/** Goes on after `key`, or, with `group`, after all keys that start with it. */
export type ListPosition = { readonly key: string; readonly group: boolean }
/** Which kind of listing a token belongs to. */
export type TokenPurpose = 'objects' | 'buckets'

const checkBytes = 6
const groupFlag = 1

export function formatContinuationToken(purpose: TokenPurpose, position: ListPosition): string {
  const content = Buffer.concat([
    Buffer.of(position.group ? groupFlag : 0),
    Buffer.from(position.key),
  ])
  return Buffer.concat([checkOf(purpose, content), content]).toString('base64url')
}

/** Throws `InvalidArgument` unless the token is one that `formatContinuationToken` made. */
export function parseContinuationToken(purpose: TokenPurpose, raw: string): ListPosition {
  const bytes = Buffer.from(raw, 'base64url')
  const content = bytes.subarray(checkBytes)
  const flags = content[0]
  const intact =
    flags !== undefined &&
    flags <= groupFlag &&
    bytes.toString('base64url') === raw &&
    bytes.subarray(0, checkBytes).equals(checkOf(purpose, content))
  if (!intact) {
    throw new S3Error(
      'InvalidArgument',
      { ArgumentName: 'continuation-token' },
      { message: 'The continuation token provided is incorrect' },
    )
  }
  return { key: content.subarray(1).toString('utf8'), group: flags === groupFlag }
}

function checkOf(purpose: TokenPurpose, content: Buffer): Buffer {
  const hash = createHash('sha256').update(`holdfast list ${purpose}\n`).update(content)
  return hash.digest().subarray(0, checkBytes)
}
