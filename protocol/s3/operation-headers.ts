// The headers that change what a request does, or whether it is done at all, and which operations take
// them. What an operation does not take is refused: a condition or a lock that is dropped in silence lets
// happen what its sender wanted to prevent. Shown in docs/parameters.md.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_Operations_Amazon_Simple_Storage_Service.html
import type { OperationName } from './operations-table.ts'

export type HeaderRow = {
  /** `every`: one that has a meaning everywhere. */
  readonly takenBy: readonly OperationName[] | 'every'
  /** A value that says nothing but what holds anyway, lower case: it may stand everywhere. */
  readonly harmless?: readonly string[]
  /** What operations answer that do not take it. `readsIgnoreIt`: only those that change something. */
  readonly otherwise?: Refusal
  readonly readsIgnoreIt?: true
  /** Without a value it would hold for nothing, or for all: operations that change something refuse it. */
  readonly condition?: true
}

export type Refusal = 'InvalidArgument' | 'NotImplemented' | 'AccessControlListNotSupported'

const copies = ['CopyObject', 'UploadPartCopy'] as const
const stores = ['PutObject', 'PostObject', 'CopyObject', 'CreateMultipartUpload'] as const
const parts = ['UploadPart', 'UploadPartCopy'] as const
const zips = ['GetZip', 'HeadZip', 'GetBucketZip', 'HeadBucketZip'] as const
const reads = ['GetObject', 'HeadObject', ...zips] as const
const conditionalWrites = [
  'PutObject',
  'CopyObject',
  'CreateMultipartUpload',
  'CompleteMultipartUpload',
] as const

const ofCopies: HeaderRow = { takenBy: copies }
const conditionOfCopies: HeaderRow = { takenBy: copies, condition: true }
const ofStores: HeaderRow = { takenBy: stores }
const customerKey: HeaderRow = {
  takenBy: [...stores, ...parts, ...reads, 'GetObjectAttributes'],
  otherwise: 'NotImplemented',
}
const setsAcl = ['CreateBucket', 'PutBucketAcl', 'PutObjectAcl', ...stores] as const
const grant: HeaderRow = {
  takenBy: setsAcl,
  otherwise: 'AccessControlListNotSupported',
}
const timeCondition: HeaderRow = {
  takenBy: [...reads, ...conditionalWrites],
  otherwise: 'NotImplemented',
  readsIgnoreIt: true,
  condition: true,
}
const unsupported: HeaderRow = { takenBy: [], otherwise: 'NotImplemented' }

/** Names in lower case. `InvalidArgument` is answered where nothing is said. */
export const operationHeaders = {
  'x-amz-expected-bucket-owner': { takenBy: 'every', condition: true },

  'x-amz-copy-source': ofCopies,
  'x-amz-copy-source-if-match': conditionOfCopies,
  'x-amz-copy-source-if-none-match': conditionOfCopies,
  'x-amz-copy-source-if-modified-since': conditionOfCopies,
  'x-amz-copy-source-if-unmodified-since': conditionOfCopies,
  'x-amz-copy-source-range': { takenBy: ['UploadPartCopy'] },
  'x-amz-copy-source-server-side-encryption-customer-algorithm': ofCopies,
  'x-amz-copy-source-server-side-encryption-customer-key': ofCopies,
  'x-amz-copy-source-server-side-encryption-customer-key-md5': ofCopies,
  'x-amz-source-expected-bucket-owner': conditionOfCopies,
  'x-amz-metadata-directive': { takenBy: ['CopyObject'] },
  'x-amz-tagging-directive': { takenBy: ['CopyObject'] },

  'if-match': {
    takenBy: [...reads, ...conditionalWrites, 'DeleteObject'],
    otherwise: 'NotImplemented',
    readsIgnoreIt: true,
    condition: true,
  },
  'if-none-match': timeCondition,
  'if-modified-since': timeCondition,
  'if-unmodified-since': timeCondition,
  'x-amz-if-match-last-modified-time': { takenBy: ['DeleteObject'], condition: true },
  'x-amz-if-match-size': { takenBy: ['DeleteObject'], condition: true },
  'x-amz-if-match-initiated-time': { takenBy: ['AbortMultipartUpload'], condition: true },
  'x-amz-mp-object-size': { takenBy: ['CompleteMultipartUpload'], condition: true },
  // RFC 9110, section 14.5: who sends it wants a piece replaced, and would replace the whole. Some send it
  // with parts, which are pieces.
  'content-range': { takenBy: ['UploadPart'], readsIgnoreIt: true },

  'x-amz-acl': {
    takenBy: setsAcl,
    harmless: ['private', 'bucket-owner-full-control'],
    otherwise: 'AccessControlListNotSupported',
  },
  'x-amz-grant-full-control': grant,
  'x-amz-grant-read': grant,
  'x-amz-grant-read-acp': grant,
  'x-amz-grant-write': grant,
  'x-amz-grant-write-acp': grant,

  // minio-go repeats it when it completes an upload.
  'x-amz-server-side-encryption': { takenBy: stores, harmless: ['aes256'] },
  'x-amz-server-side-encryption-aws-kms-key-id': ofStores,
  'x-amz-server-side-encryption-bucket-key-enabled': { takenBy: stores, harmless: ['false'] },
  'x-amz-server-side-encryption-context': ofStores,
  'x-amz-server-side-encryption-customer-algorithm': customerKey,
  'x-amz-server-side-encryption-customer-key': customerKey,
  'x-amz-server-side-encryption-customer-key-md5': customerKey,

  'x-amz-object-lock-mode': ofStores,
  'x-amz-object-lock-retain-until-date': ofStores,
  'x-amz-object-lock-legal-hold': ofStores,
  'x-amz-bypass-governance-retention': { takenBy: [], harmless: ['false'] },
  'x-amz-bucket-object-lock-enabled': { takenBy: ['CreateBucket'], harmless: ['false'] },
  'x-amz-bucket-object-lock-token': unsupported,
  'x-amz-bucket-namespace': { takenBy: ['CreateBucket'] },

  'x-amz-mfa': unsupported,
  'x-amz-object-if-match': unsupported,
  'x-amz-write-offset-bytes': unsupported,
  'x-amz-rename-source': unsupported,
  'x-amz-rename-source-if-match': unsupported,
  'x-amz-rename-source-if-none-match': unsupported,
  'x-amz-rename-source-if-modified-since': unsupported,
  'x-amz-rename-source-if-unmodified-since': unsupported,
} as const satisfies Readonly<Record<string, HeaderRow>>

/**
 * The first words of names as those above have them. One that is not in the table, and begins with such a
 * word, is a condition or a demand that this server does not know: `NotImplemented`.
 */
export const demandingWords: ReadonlySet<string> = new Set([
  'bypass',
  'copy',
  'expected',
  'grant',
  'if',
  'mfa',
  'rename',
  'server',
  'source',
  'write',
])

/** Of those, the ones with which conditions begin: without a value one is a mistake. */
export const conditionWords: ReadonlySet<string> = new Set([
  'copy',
  'expected',
  'if',
  'rename',
  'source',
])
