// Policy documents as they come in: refused in the words of IAM, with the place; and what is kept of their white space.
// https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreatePolicy.html#API_CreatePolicy_Errors
import { parsePolicy } from '../../../protocol/policy/parse-policy.ts'
import type { PolicyDocument, PolicyKind } from '../../../protocol/policy/policy-document.ts'
import { PolicyRefused } from '../../../protocol/policy/policy-refused.ts'
import { countCharacters, type PolicySize } from '../../../protocol/policy/policy-sizes.ts'
import { QueryError } from '../../../protocol/query/query-error.ts'
import type { QueryParameters } from '../../../protocol/query/query-parameters.ts'
import { policyTextRule } from '../iam-names.ts'

const printable = /^[\t\n\r\u0020-\u00ff]*$/

/** Throws `ValidationError`. */
export function readPolicyText(parameters: QueryParameters, name: string): string {
  const text = parameters.text(name, policyTextRule)
  requirePrintable(text, name)
  return text
}

/** Throws `ValidationError`. */
export function requirePrintable(text: string, name: string): void {
  if (printable.test(text)) return
  const member = name.charAt(0).toLowerCase() + name.slice(1)
  throw new QueryError(
    'ValidationError',
    `The specified value for ${member} is invalid. It must contain only printable ASCII characters.`,
  )
}

type Rules = {
  readonly kind: PolicyKind
  readonly size: PolicySize
  /** What is thrown when it is longer. */
  readonly tooLong: QueryError
}

/** Throws `MalformedPolicyDocument`, and what the rules say of one that is too long. */
export function checkDocument(text: string, { kind, size, tooLong }: Rules): PolicyDocument {
  try {
    return parsePolicy(text, { kind, size })
  } catch (cause) {
    if (!(cause instanceof PolicyRefused)) throw cause
    throw cause.reason === 'size' ? tooLong : malformed(cause)
  }
}

/** As IAM says it, and where. */
export function malformed({ iamMessage, message }: PolicyRefused): QueryError {
  return new QueryError('MalformedPolicyDocument', `${iamMessage} (${message})`)
}

const betweenTokens = /("(?:[^"\\]|\\.)*")|[ \t\r\n]+/g
/** White space does not count for the size of a document: of all characters, it may be so many times what counts. */
const keptTimes = 8

/**
 * What is kept of a document that was parsed: as it was put; without the white space around its names and values when there is
 * more of it than documents are written with. Throws `tooLong` when there is as much within them.
 */
export function keptText(text: string, tooLong: QueryError): string {
  const most = keptTimes * countCharacters(text)
  if (text.length <= most) return text
  const compact = text.replace(betweenTokens, '$1')
  if (compact.length > most) throw tooLong
  return compact
}
