// What manifests refer to, as scopes of a lease: the very rows where they are few, else what all keys of
// a bucket begin with.
import { parseManifestPage } from '../codec/manifest-page-codec.ts'
import type { LeaseScope } from '../lease-store.ts'
import type { EntrySource, ManifestId } from '../manifest-store.ts'
import type { BucketId } from '../records.ts'
import type { Tables } from './lmdb-environment.ts'
import { rangeOf } from './row-keys.ts'

const namedMax = 1_000

export function manifestScopes(
  tables: Tables,
  manifestIds: readonly ManifestId[],
): readonly LeaseScope[] {
  const rows = new Map<string, LeaseScope>()
  const prefixes = new Map<BucketId, string>()
  for (const source of sourcesOf(tables, manifestIds)) {
    const { bucketId, key, rowId } = source
    if (rows.size <= namedMax) rows.set(rowId, { is: 'row', bucketId, key, rowId })
    prefixes.set(bucketId, commonBeginning(prefixes.get(bucketId) ?? key, key))
  }
  if (rows.size <= namedMax) return [...rows.values()]
  return [...prefixes].map(([bucketId, prefix]) => ({ is: 'prefix', bucketId, prefix }))
}

function* sourcesOf(tables: Tables, manifestIds: readonly ManifestId[]): Generator<EntrySource> {
  for (const manifestId of manifestIds) {
    for (const { value } of tables.manifestPages.rows(rangeOf(Buffer.from(manifestId, 'hex')))) {
      for (const { source } of parseManifestPage(value).entries) {
        if (source !== undefined) yield source
      }
    }
  }
}

function commonBeginning(a: string, b: string): string {
  let end = 0
  while (end < a.length && a[end] === b[end]) end += 1
  // Half a pair of surrogates begins no key.
  return a.slice(0, end).replace(/[\ud800-\udbff]$/, '')
}
