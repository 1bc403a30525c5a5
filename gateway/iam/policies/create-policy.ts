// CreatePolicy: a managed policy of the account, with its first version.
// https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreatePolicy.html
import type { PolicyDocument } from '../../../metadata/identity-records.ts'
import { policySizes } from '../../../protocol/policy/policy-sizes.ts'
import { QueryError } from '../../../protocol/query/query-error.ts'
import type { TextRule } from '../../../protocol/query/query-parameters.ts'
import { element, parent } from '../../../protocol/s3/xml/xml-writer.ts'
import { drawId } from '../../access/keys/session-token.ts'
import { iamArn } from '../../access/owner.ts'
import { versionKey } from '../../access/standing.ts'
import type { QueryAction } from '../../query/query-action.ts'
import { requireRoom } from '../account-quotas.ts'
import { changeAccount } from '../change-account.ts'
import { nameKey, policyNameRule } from '../iam-names.ts'
import { readTags, renderTags } from '../iam-tags.ts'
import { limitExceeded } from '../no-such-entity.ts'
import { requireAction } from '../require-action.ts'
import { checkDocument, keptText, readPolicyText } from './checked-document.ts'
import { ownPolicy } from './managed-policy.ts'
import { renderPolicy } from './render-policy.ts'

export const policyPathRule: TextRule = {
  ...{ from: 1, to: 512 },
  pattern: /^(?:\/[A-Za-z0-9.,+@=_-]+)*\/$/,
}
export const descriptionRule: TextRule = {
  ...{ from: 0, to: 1_000 },
  pattern: /^[\t\n\r\u0020-\u007e\u00a1-\u00ff]*$/,
}
const policiesMax = 1_500

export const createPolicy: QueryAction = async (call) => {
  const { parameters, services, identity } = call
  const { tenantId } = identity
  const name = parameters.text('PolicyName', policyNameRule)
  const path = parameters.optional('Path', policyPathRule) ?? '/'
  const description = parameters.optional('Description', descriptionRule) ?? ''
  const text = readPolicyText(parameters, 'PolicyDocument')
  const tags = readTags(parameters)
  const asked = { arn: iamArn(tenantId, 'policy', { path, name }), requestTags: tags }
  await requireAction(call, 'iam:CreatePolicy', asked)
  if (tags.length > 0) await requireAction(call, 'iam:TagPolicy', asked)
  const document = checkManaged(text)
  const createdMs = services.now()
  const policy: PolicyDocument = {
    ...{ id: drawId('ANPA', services.random, 17), name, path, createdMs, description, tags },
    ...{ updatedMs: createdMs, defaultVersion: 1, newest: 1 },
    versions: [{ number: 1, createdMs }],
  }
  await changeAccount(services.metadata.identities, tenantId, async (account) => {
    const key = nameKey(name)
    if ((await account.get('policy', key)) !== undefined) throw policyExists(name)
    await requireRoom(account, 'policy', { quota: 'PoliciesPerAccount', limit: policiesMax })
    account.put('policy', key, policy)
    account.put('policyVersion', versionKey(key, 1), { document })
  })
  const shown = renderPolicy(ownPolicy(tenantId, policy), { attachments: 0, boundaries: 0 })
  return parent('Policy', shown, element('Description', description || undefined), renderTags(tags))
}

/** What is kept of the document of a managed policy. Throws `MalformedPolicyDocument`, `LimitExceeded`. */
export function checkManaged(text: string): string {
  const size = policySizes.managed
  const tooLong = limitExceeded('PolicySize', size.max)
  checkDocument(text, { kind: 'identity', size, tooLong })
  return keptText(text, tooLong)
}

function policyExists(name: string): QueryError {
  return new QueryError(
    'EntityAlreadyExists',
    `A policy called ${name} already exists. Duplicate names are not allowed.`,
  )
}
