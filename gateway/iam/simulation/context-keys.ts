// GetContextKeysForCustomPolicy and GetContextKeysForPrincipalPolicy: the condition keys that policies are about.
// https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetContextKeysForPrincipalPolicy.html
import { constraintError } from '../../../protocol/query/query-error.ts'
import { element, parent } from '../../../protocol/s3/xml/xml-writer.ts'
import type { QueryAction } from '../../query/query-action.ts'
import { requireAction } from '../require-action.ts'
import { readInputs, requireSource, type SourcePolicy } from './source-policies.ts'

export const getContextKeysForCustomPolicy: QueryAction = async (call) => {
  await requireAction(call, 'iam:GetContextKeysForCustomPolicy', { arn: '*' })
  const inputs = readInputs(call.parameters, 'PolicyInputList')
  if (inputs.length === 0) {
    throw constraintError(undefined, 'PolicyInputList', 'Member must not be null')
  }
  return renderKeys(inputs)
}

export const getContextKeysForPrincipalPolicy: QueryAction = async (call) => {
  const { policies } = await requireSource(call, 'iam:GetContextKeysForPrincipalPolicy')
  return renderKeys([...policies, ...readInputs(call.parameters, 'PolicyInputList')])
}

/** Each once. */
function renderKeys(policies: readonly SourcePolicy[]): string {
  const keys = new Map<string, string>()
  for (const [lower, written] of policies.flatMap((policy) => [...policy.keys])) {
    if (!keys.has(lower)) keys.set(lower, written)
  }
  const names = [...keys.values()].map((name) => element('member', name))
  return parent('ContextKeyNames', ...names)
}
