// How long a policy document may be, by what it is attached to. S3 counts bytes; IAM counts characters
// and leaves white space out. https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/add-bucket-policy.html
import { PolicyRefused } from './policy-refused.ts'

export type PolicySize = { readonly max: number; readonly counts: 'bytes' | 'characters' }

export const policySizes = {
  bucket: { max: 20_480, counts: 'bytes' },
  managed: { max: 6144, counts: 'characters' },
  /** All inline policies of one user together; so with groups and roles. */
  inlineOfUser: { max: 2048, counts: 'characters' },
  inlineOfGroup: { max: 5120, counts: 'characters' },
  inlineOfRole: { max: 10_240, counts: 'characters' },
  /** Of any that was taken in once. */
  stored: { max: 131_072, counts: 'characters' },
  session: { max: 2048, counts: 'characters' },
  /** As far as AWS lets the quota be raised. */
  trust: { max: 4096, counts: 'characters' },
} as const satisfies Record<string, PolicySize>

/** What IAM reads at all, white space included. */
const bytesMax = 131_072

/** Throws `PolicyRefused` before anything of the document is parsed. */
export function checkPolicySize(source: string | Uint8Array, size: PolicySize): void {
  const bytes = typeof source === 'string' ? Buffer.byteLength(source) : source.byteLength
  if (bytes > bytesMax) throw tooLong(bytesMax, 'bytes')
  const long = size.counts === 'bytes' ? bytes : countCharacters(source)
  if (long > size.max) throw tooLong(size.max, size.counts)
}

/** As IAM counts them: without white space. */
export function countCharacters(source: string | Uint8Array): number {
  const text = typeof source === 'string' ? source : Buffer.from(source).toString()
  return text.replace(/[ \t\r\n]+/g, '').length
}

function tooLong(max: number, counts: string): PolicyRefused {
  const problem = `the document is longer than ${max} ${counts}`
  return new PolicyRefused({ reason: 'size', place: '', problem })
}
