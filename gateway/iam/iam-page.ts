// Pages of IAM's lists: so many items, and a marker of where the next page begins.
// https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListUsers.html
import type { IdentityEntry, IdentityKind } from '../../metadata/identity-records.ts'
import type { IdentityStore } from '../../metadata/identity-store.ts'
import type { TenantId } from '../../metadata/records.ts'
import { QueryError } from '../../protocol/query/query-error.ts'
import type { QueryParameters } from '../../protocol/query/query-parameters.ts'
import { members } from '../../protocol/query/render-query-reply.ts'
import { element } from '../../protocol/s3/xml/xml-writer.ts'
import { eachEntry } from './each-entry.ts'

export type PageAsked = { readonly after: string | undefined; readonly limit: number }
export type Page<Item> = {
  readonly items: readonly Item[]
  /** Of the last item, when there are more. */
  readonly next: string | undefined
}

const defaultItems = 100
const itemsMax = 1_000

/** Throws `ValidationError`. */
export function readPage(parameters: QueryParameters): PageAsked {
  const limit = parameters.integer('MaxItems', { from: 1, to: itemsMax }) ?? defaultItems
  const marker = parameters.optional('Marker', { from: 1, to: 2048 })
  return { limit, after: marker === undefined ? undefined : readMarker(marker) }
}

/** `name` around the members, then `IsTruncated` and `Marker`. */
export function renderPage<Item>(
  name: string,
  page: Page<Item>,
  render: (item: Item) => string,
): string {
  return members(name, page.items.map(render)) + renderMore(page)
}

/** Of answers that have several lists. */
export function renderMore({ next }: Pick<Page<unknown>, 'next'>): string {
  if (next === undefined) return element('IsTruncated', false)
  const marker = Buffer.from(next).toString('base64url')
  return element('IsTruncated', true) + element('Marker', marker)
}

/** Of what is at hand as a whole, in the order of its keys. */
export function pageOf<Item>(
  all: readonly Item[],
  keyOf: (item: Item) => string,
  { after, limit }: PageAsked,
): Page<Item> {
  const left = after === undefined ? all : all.filter((item) => keyOf(item) > after)
  const items = left.slice(0, limit)
  const last = items.at(-1)
  const isTruncated = left.length > items.length && last !== undefined
  return { items, next: isTruncated ? keyOf(last) : undefined }
}

type Listing<Kind extends IdentityKind> = PageAsked & {
  readonly kind: Kind
  /** Of their names. */
  readonly prefix?: string
  readonly isWanted?: (entry: Extract<IdentityEntry, { kind: Kind }>) => boolean
}

/** So many rows are looked at for one answer, however few of them are wanted: there may be none on a page. */
const rowsMax = 5_000

/** Of documents of one kind, those that are wanted. */
export async function listPage<Kind extends IdentityKind>(
  store: Pick<IdentityStore, 'list'>,
  tenantId: TenantId,
  { kind, prefix, after, limit, isWanted = () => true }: Listing<Kind>,
): Promise<Page<Extract<IdentityEntry, { kind: Kind }>>> {
  const items: Extract<IdentityEntry, { kind: Kind }>[] = []
  let next: string | undefined
  let rows = 0
  for await (const entry of eachEntry(store, tenantId, { kind, prefix, after })) {
    if (items.length === limit || rows === rowsMax) return { items, next }
    rows += 1
    next = entry.name
    if (isWanted(entry)) items.push(entry)
  }
  return { items, next: undefined }
}

function readMarker(marker: string): string {
  const name = Buffer.from(marker, 'base64url').toString('utf8')
  if (Buffer.from(name).toString('base64url') === marker && name !== '') return name
  throw new QueryError('ValidationError', 'Invalid Marker.')
}
