// ListEntitiesForPolicy: who has a managed policy attached, or as a boundary.
// https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListEntitiesForPolicy.html
import type { IdentityEntry } from '../../../metadata/identity-records.ts'
import { members } from '../../../protocol/query/render-query-reply.ts'
import { element } from '../../../protocol/s3/xml/xml-writer.ts'
import type { QueryAction } from '../../query/query-action.ts'
import { nameKey, pathPrefixRule } from '../iam-names.ts'
import { listPage, readPage, renderMore } from '../iam-page.ts'
import { attachmentPrefix } from './attachments.ts'
import { type HolderKind, titles } from './holder.ts'
import { readPolicyArn, requirePolicy } from './managed-policy.ts'
import { readUsage } from './read-policies.ts'

const filters = ['User', 'Role', 'Group', 'LocalManagedPolicy', 'AWSManagedPolicy'] as const

type HolderEntry = Extract<IdentityEntry, { kind: HolderKind }>

/** A path leaves out what is on a page: there may be nobody on one, and others on the next. */
export const listEntitiesForPolicy: QueryAction = async (call) => {
  const { parameters, services, identity } = call
  const { tenantId } = identity
  const { identities } = services.metadata
  const arn = readPolicyArn(parameters)
  const filter = parameters.word('EntityFilter', filters)
  const path = parameters.optional('PathPrefix', pathPrefixRule) ?? '/'
  const as = readUsage(parameters)
  const asked = readPage(parameters)
  await requirePolicy(call, 'iam:ListEntitiesForPolicy', { arn })
  const page = await listPage(identities, tenantId, {
    ...{ kind: 'attachment', prefix: attachmentPrefix(arn), ...asked },
    isWanted: ({ document }) =>
      (filter === undefined || titles[document.of] === filter) &&
      (as === undefined || document.as === as),
  })
  const refs = page.items.map(({ document }) => ({
    ...{ kind: document.of, name: nameKey(document.name) },
  }))
  const { entries } = await identities.getMany(tenantId, refs)
  // Somebody may have it both ways.
  const holders = new Map<string, HolderEntry>()
  for (const entry of entries) {
    if (entry === undefined || !isHolder(entry) || !entry.document.path.startsWith(path)) continue
    holders.set(`${entry.kind} ${entry.name}`, entry)
  }
  const shown = (kind: HolderKind) =>
    members(
      `Policy${titles[kind]}s`,
      [...holders.values()].filter((entry) => entry.kind === kind).map(renderEntity),
    )
  return shown('group') + shown('user') + shown('role') + renderMore(page)
}

function isHolder(entry: IdentityEntry): entry is HolderEntry {
  return entry.kind === 'user' || entry.kind === 'group' || entry.kind === 'role'
}

function renderEntity({ kind, document: { name, id } }: HolderEntry): string {
  return element(`${titles[kind]}Name`, name) + element(`${titles[kind]}Id`, id)
}
