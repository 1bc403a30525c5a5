// A user, a group, a role or a managed policy with all that it says.
// https://docs.aws.amazon.com/IAM/latest/APIReference/API_UserDetail.html
// https://docs.aws.amazon.com/IAM/latest/APIReference/API_ManagedPolicyDetail.html
import type { IdentityEntry, InlinePolicy } from '../../../metadata/identity-records.ts'
import { members, queryTime } from '../../../protocol/query/render-query-reply.ts'
import { element, parent } from '../../../protocol/s3/xml/xml-writer.ts'
import { iamArn } from '../../access/owner.ts'
import type { QueryCall } from '../../query/query-action.ts'
import { renderTags } from '../iam-tags.ts'
import { renderAttached } from './attach-policy.ts'
import { countAttachments } from './attachments.ts'
import { type HolderDocument, type HolderKind, titles } from './holder.ts'
import { type FoundPolicy, readerOf, textOfVersion } from './managed-policy.ts'
import { renderBoundary } from './permissions-boundary.ts'
import { encodeDocument, renderPolicy, renderVersion } from './render-policy.ts'

type HolderEntry = Extract<IdentityEntry, { kind: HolderKind }>

export async function renderHolderDetail(
  call: QueryCall,
  { kind, document }: HolderEntry,
): Promise<string> {
  const title = titles[kind]
  const attached = document.attached.map((arn) => renderAttached({ arn }))
  return [
    element('Path', document.path),
    element(`${title}Name`, document.name),
    element(`${title}Id`, document.id),
    element('Arn', iamArn(call.identity.tenantId, kind, document)),
    element('CreateDate', queryTime(document.createdMs)),
    members(`${title}PolicyList`, document.inline.map(renderInline)),
    members('AttachedManagedPolicies', attached),
    'groups' in document ? await renderGroups(call, document.groups) : '',
    'trust' in document ? renderTrust(document.trust) : '',
    renderLimits(document),
  ].join('')
}

function renderInline({ name, document }: InlinePolicy): string {
  return element('PolicyName', name) + element('PolicyDocument', encodeDocument(document))
}

function renderTrust(trust: string): string {
  return element('AssumeRolePolicyDocument', encodeDocument(trust)) + parent('InstanceProfileList')
}

function renderLimits(document: HolderDocument): string {
  return 'tags' in document ? renderBoundary(document.boundary) + renderTags(document.tags) : ''
}

/** By the names that they were given. */
async function renderGroups(call: QueryCall, keys: readonly string[]): Promise<string> {
  const { identities } = call.services.metadata
  const refs = keys.map((name) => ({ kind: 'group', name }) as const)
  const { entries } = await identities.getMany(call.identity.tenantId, refs)
  const names = entries.flatMap((entry) => (entry?.kind === 'group' ? [entry.document.name] : []))
  return parent('GroupList', ...names.map((name) => element('member', name)))
}

export async function renderPolicyDetail(call: QueryCall, policy: FoundPolicy): Promise<string> {
  const { identities } = call.services.metadata
  const counts = await countAttachments(identities, call.identity.tenantId, policy.arn)
  const versions: string[] = []
  for (const version of policy.versions) {
    const text = await textOfVersion(readerOf(call), policy, version.number)
    if (text !== undefined) versions.push(renderVersion(policy, version, text))
  }
  return (
    renderPolicy(policy, counts) +
    element('Description', policy.description || undefined) +
    members('PolicyVersionList', versions)
  )
}
