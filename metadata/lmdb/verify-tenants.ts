// Whether tenants, their names, their access keys and their documents agree, for `holdfast check`.
import { parseIdentity, parseIdentityRevision } from '../codec/identity-codec.ts'
import { parseAccessKey, parseTenant } from '../codec/tenancy-codec.ts'
import { identityKinds } from '../identity-records.ts'
import { revisionKind } from './identities.ts'
import type { Tables } from './lmdb-environment.ts'
import type { LmdbTable, Row } from './lmdb-table.ts'
import { everyRow, fillerBytes } from './row-keys.ts'
import { ownedKey } from './tenants.ts'

type Tell = (what: string) => void

export function verifyTenants(tables: Tables, tell: Tell): void {
  verifyNames(tables, tell)
  verifyKeysOfTenants(tables, tell)
  for (const row of tables.identities.intactRows(everyRow)) {
    const wrong = wrongDocument(tables, row)
    if (wrong !== undefined) tell(`a document of a tenant ${wrong} (${row.key.toString('hex')})`)
  }
}

function verifyNames({ tenants, tenantNames }: Tables, tell: Tell): void {
  const named = new Map<string, string>()
  for (const { key, value } of tenants.intactRows(everyRow)) {
    const tenant = unlessUnreadable(() => parseTenant(value))
    if (tenant === undefined) continue
    named.set(tenant.name, tenant.id)
    if (key.toString() !== tenant.id) tell(`a tenant has the id of another (${key.toString()})`)
  }
  const found = new Set<string>()
  for (const { key, value } of tenantNames.intactRows(everyRow)) {
    const name = key.toString()
    found.add(name)
    if (named.get(name) !== value.toString() && !isUnreadable(tenants, value, parseTenant)) {
      tell(`the name ${name} is said to be of a tenant that does not have it (${value.toString()})`)
    }
  }
  for (const [name, id] of named) {
    if (!found.has(name)) tell(`tenant ${id} is not found by its name`)
  }
}

function verifyKeysOfTenants({ accessKeys, keysOfTenants, keyUses }: Tables, tell: Tell): void {
  const owned = new Set<string>()
  for (const { key, value } of accessKeys.intactRows(everyRow)) {
    const accessKey = unlessUnreadable(() => parseAccessKey(value))
    if (accessKey === undefined) continue
    const { accessKeyId, tenantId } = accessKey
    if (key.toString() !== accessKeyId) tell(`an access key has the id of another (${key})`)
    owned.add(ownedKey(tenantId, accessKeyId).toString('hex'))
  }
  for (const { key } of keysOfTenants.intactRows(everyRow)) {
    const accessKeyId = key.subarray(1 + (key[0] ?? 0))
    if (owned.delete(key.toString('hex'))) continue
    if (isUnreadable(accessKeys, accessKeyId, parseAccessKey)) continue
    tell(`a tenant is said to have an access key that is not its own (${key.toString('hex')})`)
  }
  for (const key of owned) tell(`an access key is missing among those of its tenant (${key})`)
  for (const { key } of keyUses.intactRows(everyRow)) {
    const accessKeyId = key.subarray(fillerBytes)
    if (accessKeys.getStored(accessKeyId) !== undefined) continue
    tell(`a use of an access key that is not there (${accessKeyId.toString()})`)
  }
}

/** Its key: tenant (its length first), filler, kind, NUL, name. */
function wrongDocument({ tenants }: Tables, { key, value }: Row): string | undefined {
  const tenantEnd = 1 + (key[0] ?? 0)
  const kindAt = tenantEnd + fillerBytes
  const kindEnd = key.indexOf(0, kindAt)
  const kind = key.toString('utf8', kindAt, kindEnd)
  const known = identityKinds.find((each) => each === kind)
  try {
    if (known !== undefined) parseIdentity(known, value)
    else if (kind === revisionKind) parseIdentityRevision(value)
    else return 'is of a kind that is not known here'
  } catch (cause) {
    return `cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`
  }
  return tenants.getStored(key.subarray(1, tenantEnd)) === undefined
    ? 'is of one that is not there'
    : undefined
}

/** There is a row, of which others tell what is wrong with it. */
function isUnreadable(table: LmdbTable, key: Buffer, parse: (row: Buffer) => unknown): boolean {
  if (table.getStored(key) === undefined) return false
  return unlessUnreadable(() => parse(table.get(key) ?? Buffer.alloc(0))) === undefined
}

/** What cannot be read is told of by its parser. */
function unlessUnreadable<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch {
    return undefined
  }
}
