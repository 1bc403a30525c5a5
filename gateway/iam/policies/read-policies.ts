// GetPolicy and ListPolicies: the managed policies of the account, and those of AWS.
// https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetPolicy.html
// https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListPolicies.html
import type { AttachmentDocument } from '../../../metadata/identity-records.ts'
import type { IdentityStore } from '../../../metadata/identity-store.ts'
import type { TenantId } from '../../../metadata/records.ts'
import { managedPolicies } from '../../../protocol/policy/managed-policies.ts'
import type { QueryParameters } from '../../../protocol/query/query-parameters.ts'
import { element, parent } from '../../../protocol/s3/xml/xml-writer.ts'
import type { QueryAction } from '../../query/query-action.ts'
import { eachEntry } from '../each-entry.ts'
import { nameKey } from '../iam-names.ts'
import { pageOf, readPage, renderPage } from '../iam-page.ts'
import { renderTags } from '../iam-tags.ts'
import { requireAction } from '../require-action.ts'
import { countAttachments, isAttached } from './attachments.ts'
import { policyPathRule } from './create-policy.ts'
import {
  awsPolicy,
  type FoundPolicy,
  ownPolicy,
  readPolicyArn,
  requirePolicy,
} from './managed-policy.ts'
import { renderPolicy } from './render-policy.ts'

export const getPolicy: QueryAction = async (call) => {
  const { services, identity, parameters } = call
  const arn = readPolicyArn(parameters)
  const policy = await requirePolicy(call, 'iam:GetPolicy', { arn })
  const counts = await countAttachments(services.metadata.identities, identity.tenantId, arn)
  return parent(
    'Policy',
    renderPolicy(policy, counts),
    element('Description', policy.description || undefined),
    renderTags(policy.tags),
  )
}

export const listPolicies: QueryAction = async (call) => {
  const { services, identity, parameters } = call
  const { tenantId } = identity
  const { identities } = services.metadata
  const scope = parameters.word('Scope', ['All', 'AWS', 'Local']) ?? 'All'
  const prefix = parameters.optional('PathPrefix', policyPathRule) ?? '/'
  const as = readUsage(parameters)
  const isAttachedOnly = parameters.flag('OnlyAttached') === true || as !== undefined
  const asked = readPage(parameters)
  await requireAction(call, 'iam:ListPolicies', { arn: '*' })
  const all = [
    ...(scope === 'Local' ? [] : allOfAws()),
    ...(scope === 'AWS' ? [] : await allOfAccount(identities, tenantId)),
  ].filter(({ path }) => path.startsWith(prefix))
  const use = as === undefined ? {} : { as }
  const isWanted = ({ arn: policyArn }: FoundPolicy) =>
    isAttached(identities, tenantId, { policyArn, ...use })
  const flags = isAttachedOnly ? await inTurns(all, isWanted) : undefined
  const page = pageOf(flags === undefined ? all : all.filter((_, at) => flags[at]), orderKey, asked)
  const counted = await inTurns(page.items, ({ arn }) =>
    countAttachments(identities, tenantId, arn),
  )
  const counts = new Map(page.items.map((policy, at) => [policy, counted[at]]))
  return renderPage('Policies', page, (policy) =>
    renderPolicy(policy, counts.get(policy) ?? { attachments: 0, boundaries: 0 }),
  )
}

const atOnce = 25

/** So many are asked for at once: where the store is far, each by itself takes long. */
async function inTurns<Item, Answer>(
  items: readonly Item[],
  ask: (item: Item) => Promise<Answer>,
): Promise<readonly Answer[]> {
  const answers: Answer[] = []
  for (let at = 0; at < items.length; at += atOnce) {
    answers.push(...(await Promise.all(items.slice(at, at + atOnce).map(ask))))
  }
  return answers
}

/** Undefined: either. Throws `ValidationError`. */
export function readUsage(parameters: QueryParameters): AttachmentDocument['as'] | undefined {
  const usage = ['PermissionsPolicy', 'PermissionsBoundary'] as const
  const asked = parameters.word('PolicyUsageFilter', usage)
  if (asked === undefined) return undefined
  return asked === 'PermissionsBoundary' ? 'boundary' : 'policy'
}

/** Those of AWS first, each by its name in lower case. */
function orderKey({ own, name }: FoundPolicy): string {
  return `${own === undefined ? 'aws' : 'own'}/${nameKey(name)}`
}

export function allOfAws(): readonly FoundPolicy[] {
  const all = [...managedPolicies.keys()].flatMap((arn) => awsPolicy(arn) ?? [])
  return all.sort((a, b) => (orderKey(a) < orderKey(b) ? -1 : 1))
}

/** As many as an account may have fit into memory, for what they say is not among it. */
async function allOfAccount(
  identities: Pick<IdentityStore, 'list'>,
  tenantId: TenantId,
): Promise<readonly FoundPolicy[]> {
  const all: FoundPolicy[] = []
  for await (const { document } of eachEntry(identities, tenantId, { kind: 'policy' })) {
    all.push(ownPolicy(tenantId, document))
  }
  return all
}
