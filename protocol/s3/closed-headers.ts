// Headers whose value is one of a few words, and which mean the same wherever they are taken. A word that is
// none of them is a mistake, and is never ignored. Headers with such values of which an operation makes
// something are parsed where it does: storage class, ACL, directives, checksum algorithm and type,
// object attributes, encryption, object ownership.
import { S3Error } from './s3-error.ts'

type ClosedHeader = {
  /** Lower case: letter case does not matter. */
  readonly values: readonly string[]
  readonly code: 'InvalidArgument' | 'InvalidRequest'
  /** Several, with commas between. */
  readonly isList?: true
}

export const closedHeaders: ReadonlyMap<string, ClosedHeader> = new Map([
  // As S3 answers of the other headers of checksums.
  ['x-amz-checksum-mode', { values: ['enabled'], code: 'InvalidRequest' }],
  ['x-amz-request-payer', { values: ['requester'], code: 'InvalidArgument' }],
  [
    'x-amz-optional-object-attributes',
    { values: ['restorestatus'], code: 'InvalidArgument', isList: true },
  ],
])

/** `name` in lower case. Throws what the table says. Without a value it counts as not sent. */
export function checkClosedHeader(name: string, value: string | undefined): void {
  const row = closedHeaders.get(name)
  if (row === undefined || value === undefined) return
  const words = row.isList ? value.split(',') : [value]
  if (words.every((word) => row.values.includes(word.trim().toLowerCase()))) return
  throw row.code === 'InvalidArgument'
    ? new S3Error(row.code, { ArgumentName: name, ArgumentValue: value })
    : new S3Error(row.code, {}, { message: `Value for ${name} header is invalid.` })
}
