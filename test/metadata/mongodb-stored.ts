// What lies in a database on MongoDB, without what is drawn by chance: two that came to the same show the same.
import type { Document } from 'mongodb'
import type { MongoMetadataStore } from '../../metadata/mongodb/mongo-metadata-store.ts'

/** By collection, one line a document, sorted. */
export type Stored = Readonly<Record<string, readonly string[]>>

/** Numbers and times that nobody rests on, and the schema. */
const left = new Set(['meta', 'manifestSealers'])

export async function storedIn({
  database: { db },
  usage,
}: Pick<MongoMetadataStore, 'database' | 'usage'>): Promise<Stored> {
  // Where a change is noted depends on what came before it.
  while ((await usage.fold(500)) > 0);
  const names = (await db.listCollections({}, { nameOnly: true }).toArray()).map(({ name }) => name)
  const shown = await Promise.all(
    names
      .filter((name) => !left.has(name))
      .map(async (name) => {
        const lines = (await db.collection(name).find().toArray()).map((one) => lineOf(name, one))
        // Of scopes that were taken twice, one stands for both.
        const different = name === 'leaseScopes' ? [...new Set(lines)] : lines
        return [name, different.sort()] as const
      }),
  )
  const filled = shown.filter(([, lines]) => lines.length > 0)
  return Object.fromEntries(filled.sort(([a], [b]) => (a < b ? -1 : 1)))
}

function lineOf(name: string, document: Document): string {
  return JSON.stringify({ ...factsOf(name, document), ...taskOf(document) })
}

function taskOf({ t }: Document): Document {
  if (t === undefined) return {}
  const { kind, tenant, buried, cause } = t
  return { kind, tenant, buried, cause }
}

function factsOf(name: string, document: Document): Document {
  const { _id } = document
  switch (name) {
    case 'objects':
      return factsBesideKey(document)
    case 'chunks':
      return { _id, g: document.g, refs: document.refs, condemned: document.condemned }
    case 'lists':
      return { list: document.list, at: document.at, owner: document.owner, end: document.end }
    case 'buckets': {
      const { versioning, revision, deleting, configs = {} } = document
      return {
        _id,
        versioning,
        revision,
        isMarked: deleting !== undefined,
        configs: Object.keys(configs),
      }
    }
    case 'usage':
      return { ...document, _id: undefined }
    case 'tenants':
    case 'identities':
      return { _id, revision: document.revision }
    case 'accessKeys':
      return { _id, tenant: document.tenant, isUsed: document.used !== undefined }
    case 'owners':
      return { _id, lives: document.until > 0 }
    case 'jobs':
      return { _id, revision: document.revision, owner: document.owner, due: document.due }
    case 'leases': {
      const { owner, expires, sealed } = document
      return { _id, owner, expires, isSealed: sealed !== undefined }
    }
    case 'leaseScopes':
      return { at: document.at.slice(16), r: document.r !== undefined }
    case 'manifests':
      return { _id, state: document.state, used: document.used, found: document.found }
    case 'manifestPages':
      return { m: document.m, offset: document.offset }
    case 'bundles':
      return { _id, revision: document.revision }
    case 'orphans':
      return { _id, since: document.since }
    case 'commits':
    case 'tasks':
      return {}
    default:
      return { _id }
  }
}

/** By what its place begins with; of a part, its number too. */
function factsBesideKey({ k, s, v, cur, n, u, x, parts, pb, held }: Document): Document {
  const is = s.slice(0, 1)
  const common = { k, is, v, cur, hasNull: n !== undefined, isHeld: held !== undefined }
  if (is === '2') return { ...common, u, revision: x, parts, pb }
  return is === '3' ? { ...common, number: s.slice(-5) } : common
}
