// Documents of a tenant's users, groups, roles and policies as bytes: JSON, since they are many kinds of few rows, which
// only whole tenants have read for them and which gateways remember.
import type { IdentityDocuments, IdentityKind } from '../identity-records.ts'
import { array, count, decodeRecord, encodeRecord, RecordCorrupt, text } from './record-frame.ts'

export function encodeIdentity<Kind extends IdentityKind>(
  _kind: Kind,
  document: IdentityDocuments[Kind],
): Buffer {
  return encodeRecord(1, [JSON.stringify(document)])
}

/** Throws `RecordCorrupt`. */
export function parseIdentity<Kind extends IdentityKind>(
  kind: Kind,
  bytes: Uint8Array,
): IdentityDocuments[Kind] {
  const json = text(decodeRecord(kind, bytes), 0)
  let document: unknown
  try {
    document = JSON.parse(json)
  } catch (cause) {
    throw new RecordCorrupt(`${kind}: not JSON`, { cause })
  }
  if (typeof document !== 'object' || document === null)
    throw new RecordCorrupt(`${kind}: no object`)
  return document as IdentityDocuments[Kind]
}

/** How often a tenant's documents have changed, and the last commits that did it. */
export type IdentityRevision = {
  readonly revision: number
  /** Newest last. */
  readonly commits: readonly { readonly id: string; readonly revision: number }[]
}

/** Commits of which a lost answer can be asked again. */
export const rememberedCommits = 32

export const noRevision: IdentityRevision = { revision: 0, commits: [] }

export function encodeIdentityRevision({ revision, commits }: IdentityRevision): Buffer {
  return encodeRecord(1, [revision, commits.flatMap(({ id, revision: of }) => [id, of])])
}

export function parseIdentityRevision(bytes: Uint8Array): IdentityRevision {
  const fields = decodeRecord('revision of identities', bytes)
  const flat = array(fields, 1)
  const commits: { id: string; revision: number }[] = []
  for (let at = 0; at < flat.length; at += 2) {
    commits.push({ id: text(flat, at), revision: count(flat, at + 1) })
  }
  return { revision: count(fields, 0), commits }
}

/** After a commit, of that id if it has one. */
export function nextRevision(
  { revision, commits }: IdentityRevision,
  commitId: string | undefined,
): IdentityRevision {
  const next = revision + 1
  const known = commitId === undefined ? commits : [...commits, { id: commitId, revision: next }]
  return { revision: next, commits: known.slice(-rememberedCommits) }
}
