// Holds the headers of a request against what its operation takes (`operation-headers.ts`).
import {
  conditionWords,
  demandingWords,
  type HeaderRow,
  operationHeaders,
} from './operation-headers.ts'
import { type OperationName, operations } from './operations-table.ts'
import { headerText, type RequestHeaders } from './request-headers.ts'
import { S3Error } from './s3-error.ts'

type Known = HeaderRow & { readonly operations: ReadonlySet<OperationName> }

const known: ReadonlyMap<string, Known> = new Map(
  Object.entries<HeaderRow>(operationHeaders).map(([name, row]) => [
    name,
    { ...row, operations: new Set(row.takenBy === 'every' ? [] : row.takenBy) },
  ]),
)

const ours = 'x-amz-'
// `x-amz-object-attributes` is none.
const locks = 'x-amz-object-lock-'

/** Whether a header, in lower case, changes what a request does, as far as is known here. */
export function isDemanding(header: string): boolean {
  return known.has(header) || isUnknownDemand(header)
}

/** `x-amz-if-moon-is-full`: by its first word a condition. */
function isUnknownDemand(header: string): boolean {
  if (!header.startsWith(ours)) return false
  return header.startsWith(locks) || demandingWords.has(firstWordOf(header))
}

function firstWordOf(header: string): string {
  const end = header.indexOf('-', ours.length)
  return end === -1 ? header.slice(ours.length) : header.slice(ours.length, end)
}

/** Of a header that is in no table. Without a value a demand asks for nothing, and a condition is a mistake. */
function checkUnknown(name: string, headers: RequestHeaders): void {
  if (!isUnknownDemand(name)) return
  if (headerText(headers, name) === undefined && !conditionWords.has(firstWordOf(name))) return
  throw notImplemented(name)
}

/**
 * Throws what `operation-headers.ts` says of a header that the operation does not take, and
 * `InvalidArgument` for a condition without a value.
 */
export function checkHeaders(operation: OperationName, headers: RequestHeaders): void {
  for (const name in headers) {
    const row = known.get(name)
    if (row !== undefined) checkHeader({ name, row, value: headerText(headers, name) }, operation)
    else if (name.startsWith(ours)) {
      checkClosedHeader(name, headerText(headers, name))
      checkUnknown(name, headers)
    }
  }
}

/**
 * The headers beside a browser's form. What it asks for stands in its fields, which its policy covers: a
 * header that asks for something is refused, whatever operation would take it.
 */
export function checkHeadersOfForm(headers: RequestHeaders): void {
  for (const name in headers) {
    const row = known.get(name)
    if (row === undefined) checkUnknown(name, headers)
    if (row === undefined || row.takenBy === 'every') continue
    const header = { name, row, value: headerText(headers, name) }
    if (!isHarmless(header)) throw refusal(header)
  }
}

/** The headers of a signed request below `/-/`, whose routes take none of these but those that all take. */
export function checkHeadersOfOwn(method: string, headers: RequestHeaders): void {
  const reads = method === 'GET' || method === 'HEAD'
  for (const name in headers) {
    const row = known.get(name)
    if (row === undefined) {
      checkUnknown(name, headers)
      continue
    }
    const header = { name, row, value: headerText(headers, name) }
    if (row.takenBy === 'every') {
      if (header.value === undefined && row.condition && !reads) throw invalid(header)
    } else if (!isHarmless(header) && !(row.readsIgnoreIt && reads)) {
      throw refusal(header)
    }
  }
}

type Header = {
  readonly name: string
  readonly row: Known
  /** Absent when it is empty. */
  readonly value: string | undefined
}

function checkHeader(header: Header, operation: OperationName): void {
  const { row } = header
  if (row.takenBy === 'every' || row.operations.has(operation)) {
    if (header.value === undefined && row.condition && !isRead(operation)) throw invalid(header)
  } else if (!isHarmless(header) && !(row.readsIgnoreIt && isRead(operation))) {
    throw refusal(header)
  }
}

function isHarmless({ row, value }: Header): boolean {
  if (value === undefined) return row.condition !== true
  return row.harmless?.includes(value.toLowerCase()) === true
}

function isRead(operation: OperationName): boolean {
  const { method } = operations[operation]
  return method === 'GET' || method === 'HEAD'
}

function refusal(header: Header): S3Error {
  switch (header.row.otherwise) {
    case 'NotImplemented':
      return notImplemented(header.name)
    case 'AccessControlListNotSupported':
      return new S3Error('AccessControlListNotSupported')
    default:
      return invalid(header)
  }
}

function invalid({ name, value }: Header): S3Error {
  return new S3Error(
    'InvalidArgument',
    { ArgumentName: name, ArgumentValue: value ?? '' },
    { message: messageOf(name) },
  )
}

function notImplemented(header: string): S3Error {
  return new S3Error('NotImplemented', { Header: header })
}

function messageOf(name: string): string {
  switch (name) {
    case 'x-amz-copy-source':
      return 'You can only specify a copy source header for copy requests.'
    case 'x-amz-bypass-governance-retention':
      return 'x-amz-bypass-governance-retention is only applicable to Object Lock enabled buckets.'
    default:
      return 'The specified header is not valid in this context'
  }
}

// Headers whose value is one of a few words, and which mean the same wherever they are taken. A word that is
// none of them is a mistake, and is never ignored. Headers with such values of which an operation makes
// something are parsed where it does: storage class, ACL, directives, checksum algorithm and type,
// object attributes, encryption, object ownership.
type ClosedHeader = {
  /** Lower case: letter case does not matter. */
  readonly values: readonly string[]
  readonly code: 'InvalidArgument' | 'InvalidRequest'
  /** Several, with commas between. */
  readonly isList?: true
}

const closedHeaders: ReadonlyMap<string, ClosedHeader> = new Map([
  // As S3 answers of the other headers of checksums.
  ['x-amz-checksum-mode', { values: ['enabled'], code: 'InvalidRequest' }],
  ['x-amz-request-payer', { values: ['requester'], code: 'InvalidArgument' }],
  [
    'x-amz-optional-object-attributes',
    { values: ['restorestatus'], code: 'InvalidArgument', isList: true },
  ],
])

/** `name` in lower case. Throws what the table says. Without a value it counts as not sent. */
function checkClosedHeader(name: string, value: string | undefined): void {
  const row = closedHeaders.get(name)
  if (row === undefined || value === undefined) return
  const words = row.isList ? value.split(',') : [value]
  if (words.every((word) => row.values.includes(word.trim().toLowerCase()))) return
  throw row.code === 'InvalidArgument'
    ? new S3Error(row.code, { ArgumentName: name, ArgumentValue: value })
    : new S3Error(row.code, {}, { message: `Value for ${name} header is invalid.` })
}
