// ARNs of resources in policies. Partition and service are written out; all else may have wildcards, and the
// resource itself policy variables too.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html
import { refuse } from './element-reader.ts'
import { parsePattern, syntaxOf, VariableRefused } from './pattern-parts.ts'
import type { PolicyKind, PolicyVersion } from './policy-document.ts'

const fieldCount = 6
const partition = /^aws(-[a-z]+)*$/
const service = /^[a-z0-9-]+$/
const region = /^[a-z0-9*?-]*$/
const account = /^(\d{12}|aws|[0-9]*[*?][0-9*?]*)?$/

type Place = {
  readonly kind: PolicyKind
  readonly version: PolicyVersion
  readonly where: string
}

/**
 * `*`, or an ARN of six fields: what fields are missing at the end, a `*` stands for. Throws
 * `PolicyRefused`.
 */
export function parseResource(text: string, { kind, version, where }: Place): string {
  if (text === '*') return text
  const no = (problem: string): never =>
    refuse({
      reason: 'resource',
      place: where,
      problem: `${JSON.stringify(text)} ${problem}`,
      named: text,
    })
  const fields = text.split(':')
  if (fields[0] !== 'arn') return no('is neither "*" nor an ARN')
  if (!partition.test(fields[1] ?? '')) return no('names no partition')
  // What is asked for is always there; a statement that denies elsewhere would protect nothing.
  if (kind === 'resource' && fields[1] !== 'aws') return no('is not in the partition "aws"')
  if (!service.test(fields[2] ?? '')) return no('names no service, which may have no wildcard')
  if (!region.test(fields[3] ?? '')) return no('names no region')
  if (!account.test(fields[4] ?? '')) return no('names no account of 12 digits')
  if (fields.length >= fieldCount && fields.slice(fieldCount - 1).join(':') === '') {
    return no('names no resource')
  }
  try {
    parsePattern(text, syntaxOf(version, true))
  } catch (cause) {
    if (!(cause instanceof VariableRefused)) throw cause
    refuse({ reason: 'variable', place: where, problem: cause.message })
  }
  return fields.length < fieldCount
    ? [...fields, ...new Array<string>(fieldCount - fields.length).fill('*')].join(':')
    : text
}
