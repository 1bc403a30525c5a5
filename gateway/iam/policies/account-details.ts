// GetAccountAuthorizationDetails: all users, groups, roles and policies of the account, with what they say.
// https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetAccountAuthorizationDetails.html
import type { IdentityEntry } from '../../../metadata/identity-records.ts'
import { constraintError, QueryError } from '../../../protocol/query/query-error.ts'
import type { QueryParameters } from '../../../protocol/query/query-parameters.ts'
import { members } from '../../../protocol/query/render-query-reply.ts'
import type { QueryAction, QueryCall } from '../../query/query-action.ts'
import { eachEntry } from '../each-entry.ts'
import { readPage, renderMore } from '../iam-page.ts'
import { requireAction } from '../require-action.ts'
import { isAttached } from './attachments.ts'
import { awsPolicy, type FoundPolicy, ownPolicy } from './managed-policy.ts'
import { allOfAws } from './read-policies.ts'
import { renderHolderDetail, renderPolicyDetail } from './render-details.ts'

/** In the order in which they come, page after page. */
const sections = ['User', 'Group', 'Role', 'LocalManagedPolicy', 'AWSManagedPolicy'] as const
type Section = (typeof sections)[number]

/** What one list of the answer is called. Policies of both kinds are in one. */
const lists = {
  User: 'UserDetailList',
  Group: 'GroupDetailList',
  Role: 'RoleDetailList',
  LocalManagedPolicy: 'Policies',
  AWSManagedPolicy: 'Policies',
} as const satisfies Record<Section, string>

/** Documents are long: so much of markup fills a page. */
const pageCharacters = 1024 * 1024

type Place = { readonly section: Section; readonly after: string | undefined }

export const getAccountAuthorizationDetails: QueryAction = async (call) => {
  const filter = readFilter(call.parameters)
  const { after, limit } = readPage(call.parameters)
  const begin = after === undefined ? undefined : readPlace(after)
  await requireAction(call, 'iam:GetAccountAuthorizationDetails', { arn: '*' })
  const found: Record<(typeof lists)[Section], string[]> = {
    ...{ UserDetailList: [], GroupDetailList: [], RoleDetailList: [], Policies: [] },
  }
  let count = 0
  let characters = 0
  let next: string | undefined
  for await (const { section, name, markup } of detailsFrom(call, { filter, begin })) {
    if (count === limit || characters >= pageCharacters) {
      return render(found, next)
    }
    found[lists[section]].push(markup)
    count += 1
    characters += markup.length
    next = `${section}/${name}`
  }
  return render(found, undefined)
}

function render(
  found: Readonly<Record<string, readonly string[]>>,
  next: string | undefined,
): string {
  const shown = Object.entries(found).map(([name, markups]) => members(name, markups))
  return shown.join('') + renderMore({ next })
}

/** Throws `ValidationError`. */
function readFilter(parameters: QueryParameters): ReadonlySet<string> {
  const asked = parameters.list('Filter')
  for (const each of asked) {
    if (sections.some((section) => section === each)) continue
    const words = `Member must satisfy enum value set: [${sections.join(', ')}]`
    throw constraintError(each.slice(0, 100), 'Filter', words)
  }
  return new Set(asked.length === 0 ? sections : asked)
}

function readPlace(marker: string): Place {
  const [of, ...name] = marker.split('/')
  const section = sections.find((each) => each === of)
  if (section === undefined) throw new QueryError('ValidationError', 'Invalid Marker.')
  return { section, after: name.join('/') }
}

type Detail = { readonly section: Section; readonly name: string; readonly markup: string }
type Walk = { readonly filter: ReadonlySet<string>; readonly begin: Place | undefined }

async function* detailsFrom(call: QueryCall, { filter, begin }: Walk): AsyncGenerator<Detail> {
  const first = begin === undefined ? 0 : sections.indexOf(begin.section)
  for (const [at, section] of sections.entries()) {
    if (at < first || !filter.has(section)) continue
    const after = at === first ? begin?.after : undefined
    if (section === 'AWSManagedPolicy') yield* detailsOfAws(call, after)
    else yield* detailsOf(call, { section, after })
  }
}

const kinds = { User: 'user', Group: 'group', Role: 'role', LocalManagedPolicy: 'policy' } as const

async function* detailsOf(
  call: QueryCall,
  { section, after }: { readonly section: keyof typeof kinds; readonly after: string | undefined },
): AsyncGenerator<Detail> {
  const { identities } = call.services.metadata
  const walk = { kind: kinds[section], after }
  for await (const entry of eachEntry(identities, call.identity.tenantId, walk)) {
    yield { section, name: entry.name, markup: await renderEntry(call, entry) }
  }
}

type Listed = Extract<IdentityEntry, { kind: 'user' | 'group' | 'role' | 'policy' }>

function renderEntry(call: QueryCall, entry: Listed): Promise<string> {
  return entry.kind === 'policy'
    ? renderPolicyDetail(call, ownPolicy(call.identity.tenantId, entry.document))
    : renderHolderDetail(call, entry)
}

/** Those that somebody has. */
async function* detailsOfAws(call: QueryCall, after: string | undefined): AsyncGenerator<Detail> {
  const { identities } = call.services.metadata
  const { tenantId } = call.identity
  const policies: readonly FoundPolicy[] = allOfAws()
  const done = policies.findIndex(({ name }) => name === after)
  for (const { arn, name } of policies.slice(done + 1)) {
    const policy = awsPolicy(arn)
    if (policy === undefined) continue
    if (!(await isAttached(identities, tenantId, { policyArn: arn }))) continue
    yield { section: 'AWSManagedPolicy', name, markup: await renderPolicyDetail(call, policy) }
  }
}
