// From layout 1 to 2. In layout 1 a lease had a horizon: the number of the last task of the outbox before
// it, and it held back every release behind that, whatever it was of. What it is to cover is found in the
// manifests that it was taken for. Done by the primary before anybody else opens the store; killed in the
// middle, it is done again.
import { parseBundle } from '../codec/bundle-codec.ts'
import { count, decodeRecord, id, text } from '../codec/record-frame.ts'
import type { Lease, LeaseScope } from '../lease-store.ts'
import { parseManifestId, parseTenantId } from '../record-ids.ts'
import type { TenantId } from '../records.ts'
import { fileUnder } from './held-rows.ts'
import { beginNarrowing, endNarrowing, sealLease, takeLease, widenLease } from './lease-rows.ts'
import type { LmdbEnvironment, Tables } from './lmdb-environment.ts'
import { manifestScopes } from './manifest-scopes.ts'
import { parseRelease, type ReleaseTarget } from './outbox-rows.ts'
import { everyRow, justAfter, numberKey, numberOfKey } from './row-keys.ts'

const movedAtOnce = 5_000
/** The oldest lease gets the first number of the tally, and files under it. */
const firstFile = 1
const horizonKey = Buffer.from('horizon')

type OldLease = Omit<Lease, 'scopes'> & { readonly horizon: number }

/** `finish` is done with the last step. */
export async function migrateLeases(
  env: LmdbEnvironment,
  finish: (tables: Tables) => void,
): Promise<void> {
  const old = env.read(oldLeases)
  let from = numberKey((old[0]?.horizon ?? Number.MAX_SAFE_INTEGER - 1) + 1)
  while (old.length > 0) {
    const next = await env.write((tables) => moveHeld(tables, old, from))
    if (next === undefined) break
    from = next
  }
  await env.write((tables) => {
    for (const { horizon: _, ...lease } of old) {
      tables.leases.remove(Buffer.from(lease.leaseId))
      takeLease(tables, { ...lease, scopes: [{ is: 'everything' }] })
    }
    for (const lease of old) {
      const scopes = scopesOfOld(tables, lease)
      if (scopes === undefined) continue
      sealLease(tables, lease.leaseId)
      const begun = beginNarrowing(tables, lease.leaseId)
      if (begun === undefined) continue
      widenLease(tables, begun, scopes)
      endNarrowing(tables, begun, lease.expiresMs)
    }
    tables.meta.remove(horizonKey)
    finish(tables)
  })
}

/** Undefined: it is not known what such a lease is for, and it covers everything until it expires. */
function scopesOfOld(
  tables: Tables,
  { leaseId, purpose }: OldLease,
): readonly LeaseScope[] | undefined {
  switch (purpose) {
    case 'zip': {
      const manifestId = parseManifestId(leaseId)
      return manifestId && manifestScopes(tables, [manifestId])
    }
    case 'bundle': {
      const row = tables.bundles.get(Buffer.from(leaseId.slice('bundle-'.length), 'hex'))
      if (row === undefined) return []
      const { states, gathering } = parseBundle(row)
      const named = gathering === undefined ? states : [...states, gathering]
      return manifestScopes(tables, named)
    }
    default:
      return undefined
  }
}

/** The oldest first. */
function oldLeases({ leases }: Tables): readonly OldLease[] {
  const old = [...leases.rows(everyRow)].map(({ value }) => {
    const fields = decodeRecord('lease', value)
    return {
      leaseId: text(fields, 0),
      purpose: text(fields, 1),
      expiresMs: count(fields, 2),
      horizon: count(fields, 3),
    }
  })
  return old.sort((a, b) => a.horizon - b.horizon)
}

/** A page of what the oldest one has held. Answers where the next begins. */
function moveHeld(tables: Tables, old: readonly OldLease[], from: Buffer): Buffer | undefined {
  let seen = 0
  let last: Buffer | undefined
  const held: Buffer[] = []
  for (const { key, value } of tables.releases.rows({ start: from, end: everyRow.end })) {
    last = key
    if (parseOld(value).target.what === 'version') held.push(key)
    seen += 1
    if (seen === movedAtOnce) break
  }
  for (const key of held) {
    const row = tables.releases.get(key)
    const task = row && parseOld(row)
    if (task?.target.what !== 'version') continue
    const { tenantId, target } = task
    const buried = old.filter(({ horizon }) => horizon < numberOfKey(key)).length
    fileUnder(tables, { file: firstFile }, { graveKey: target.graveKey, tenantId, born: 0, buried })
    tables.releases.remove(key)
  }
  return seen < movedAtOnce || last === undefined ? undefined : justAfter(last)
}

function parseOld(bytes: Buffer): { tenantId: TenantId; target: ReleaseTarget } {
  const fields = decodeRecord('release', bytes)
  return { tenantId: id(parseTenantId, fields, 0), target: parseRelease(fields.slice(1)) }
}
