// PutUserPolicy, GetUserPolicy, DeleteUserPolicy and ListUserPolicies; and so of groups and roles: policies that are of one
// holder and go with him. https://docs.aws.amazon.com/IAM/latest/APIReference/API_PutUserPolicy.html
import type { InlinePolicy } from '../../../metadata/identity-records.ts'
import {
  countCharacters,
  type PolicySize,
  policySizes,
} from '../../../protocol/policy/policy-sizes.ts'
import { QueryError } from '../../../protocol/query/query-error.ts'
import { element } from '../../../protocol/s3/xml/xml-writer.ts'
import type { QueryAction } from '../../query/query-action.ts'
import { policyNameRule } from '../iam-names.ts'
import { pageOf, readPage, renderPage } from '../iam-page.ts'
import { checkDocument, keptText, readPolicyText } from './checked-document.ts'
import {
  boundaryKey,
  changeHolder,
  type HolderDocument,
  type HolderKind,
  requireHolder,
  titles,
} from './holder.ts'
import { encodeDocument } from './render-policy.ts'

/** Of all that one has. */
const sizes: Readonly<Record<HolderKind, PolicySize>> = {
  user: policySizes.inlineOfUser,
  group: policySizes.inlineOfGroup,
  role: policySizes.inlineOfRole,
}

export function putInlinePolicy(kind: HolderKind): QueryAction {
  return async (call) => {
    const name = call.parameters.text('PolicyName', policyNameRule)
    const text = readPolicyText(call.parameters, 'PolicyDocument')
    const asked = { kind, action: `iam:Put${titles[kind]}Policy`, keys: boundaryKey }
    await changeHolder(call, asked, async (holder) => {
      const others = holder.inline.filter((policy) => !isNamed(policy, name))
      const document = checkInline(kind, holder, { text, others })
      return { ...holder, inline: [...others, { name, document }] }
    })
    return undefined
  }
}

type Put = { readonly text: string; readonly others: readonly InlinePolicy[] }

/** What is kept of it. Throws `MalformedPolicyDocument`, `LimitExceeded`. */
function checkInline(kind: HolderKind, { name }: HolderDocument, { text, others }: Put): string {
  const size = sizes[kind]
  const tooLong = new QueryError(
    'LimitExceeded',
    `Maximum policy size of ${size.max} bytes exceeded for ${kind} ${name}`,
  )
  const taken = others.reduce((sum, { document }) => sum + countCharacters(document), 0)
  const left = { ...size, max: Math.max(0, size.max - taken) }
  checkDocument(text, { kind: 'identity', size: left, tooLong })
  return keptText(text, tooLong)
}

export function getInlinePolicy(kind: HolderKind): QueryAction {
  return async (call) => {
    const name = call.parameters.text('PolicyName', policyNameRule)
    const action = `iam:Get${titles[kind]}Policy`
    const holder = await requireHolder(call, { kind, action })
    const policy = holder.inline.find((each) => isNamed(each, name))
    if (policy === undefined) throw noSuchInline(kind, name)
    return (
      element(`${titles[kind]}Name`, holder.name) +
      element('PolicyName', policy.name) +
      element('PolicyDocument', encodeDocument(policy.document))
    )
  }
}

export function deleteInlinePolicy(kind: HolderKind): QueryAction {
  return async (call) => {
    const name = call.parameters.text('PolicyName', policyNameRule)
    const asked = { kind, action: `iam:Delete${titles[kind]}Policy`, keys: boundaryKey }
    await changeHolder(call, asked, async (holder) => {
      const inline = holder.inline.filter((policy) => !isNamed(policy, name))
      if (inline.length === holder.inline.length) throw noSuchInline(kind, name)
      return { ...holder, inline }
    })
    return undefined
  }
}

export function listInlinePolicies(kind: HolderKind): QueryAction {
  return async (call) => {
    const asked = readPage(call.parameters)
    const { inline } = await requireHolder(call, {
      ...{ kind, action: `iam:List${titles[kind]}Policies` },
    })
    const names = inline.map(({ name }) => name).sort((a, b) => (a < b ? -1 : 1))
    return renderPage(
      'PolicyNames',
      pageOf(names, (name) => name, asked),
      (name) => name,
    )
  }
}

/** Of one holder, names differ by their case too. */
function isNamed(policy: InlinePolicy, name: string): boolean {
  return policy.name === name
}

function noSuchInline(kind: HolderKind, name: string): QueryError {
  return new QueryError('NoSuchEntity', `The ${kind} policy with name ${name} cannot be found.`)
}
