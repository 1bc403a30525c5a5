// The keys by which issuers sign, fetched as OpenID Connect Discovery says, and kept: few issuers change them within a day, and
// whoever can send a token can have them looked for.
// https://openid.net/specs/openid-connect-discovery-1_0.html
import { createLocalJWKSet, type JSONWebKeySet, type JWK, type LocalJWKSet } from 'jose'
import { LRUCache } from 'lru-cache'
import type { TenantId } from '../../../metadata/records.ts'
import { type Fetched, fetchJson, isRecord } from './fetch-json.ts'
import type { IssuerRules } from './issuer-rules.ts'

export type KeySet = {
  readonly keys: LocalJWKSet
  readonly ids: ReadonlySet<string>
  readonly fetchedMs: number
  readonly bytes: number
}

export type WantedKeys = {
  /** As in a token's `iss`: a URL. */
  readonly issuer: string
  /** Whose provider it is. */
  readonly tenantId: TenantId
  /** Of the key that the token is signed with, if it says so. */
  readonly keyId: string | undefined
}

export type FoundKeys =
  | { readonly is: 'keys'; readonly keys: LocalJWKSet }
  /** The issuer could not be asked, or answered no keys. */
  | { readonly is: 'unreachable' }

/** Milliseconds. */
const times = {
  /** After so long they are fetched again. */
  fresh: 600_000,
  /** So long they are good when they cannot be fetched. */
  usable: 3_600_000,
  /** A key that is not among them is looked for at most so often. */
  newKeys: 30_000,
  /** So long nobody asks again who was not answered. */
  failed: 5_000,
  /** All that a fetch may take. */
  fetch: 5_000,
}
const issuersMax = 1_000
const heldBytesMax = 32 * 1024 * 1024
const keysMax = 100
/** Characters of a modulus of 8,192 bits. Longer ones take long to compute with. */
const modulusMax = 1_366
/** Of one tenant: its issuers may be slow, and are nobody else's affair. */
const fetchesMax = 4

export type IssuerKeysDeps = {
  readonly rules: IssuerRules
  /** Milliseconds of a monotonic clock. */
  readonly clock: () => number
}

export class IssuerKeys {
  readonly #deps: IssuerKeysDeps
  readonly #held = new LRUCache<string, KeySet>({
    max: issuersMax,
    maxSize: heldBytesMax,
    sizeCalculation: ({ bytes }) => bytes,
  })
  readonly #failed = new LRUCache<string, number>({ max: issuersMax })
  readonly #fetching = new Map<string, Promise<FoundKeys>>()
  readonly #ofTenant = new Map<TenantId, number>()

  constructor(deps: IssuerKeysDeps) {
    this.#deps = deps
  }

  async find(wanted: WantedKeys): Promise<FoundKeys> {
    const { issuer, keyId } = wanted
    const held = this.#held.get(issuer)
    const age = held === undefined ? Number.POSITIVE_INFINITY : this.#deps.clock() - held.fetchedMs
    const isKnown = keyId === undefined || held?.ids.has(keyId) === true
    if (held !== undefined && age < (isKnown ? times.fresh : times.newKeys)) return found(held)
    const fetched = await this.#fetchOnce(wanted)
    if (fetched.is === 'unreachable' && held !== undefined && age < times.usable) return found(held)
    return fetched
  }

  #fetchOnce(wanted: WantedKeys): Promise<FoundKeys> {
    const { issuer, tenantId } = wanted
    const under = this.#fetching.get(issuer)
    if (under !== undefined) return under
    const failedMs = this.#failed.get(issuer)
    const isFailing = failedMs !== undefined && this.#deps.clock() - failedMs < times.failed
    const ofTenant = this.#ofTenant.get(tenantId) ?? 0
    if (isFailing || ofTenant >= fetchesMax) return Promise.resolve(unreachable)
    this.#ofTenant.set(tenantId, ofTenant + 1)
    const fetching = this.#fetch(issuer).finally(() => {
      this.#fetching.delete(issuer)
      const left = (this.#ofTenant.get(tenantId) ?? 1) - 1
      if (left === 0) this.#ofTenant.delete(tenantId)
      else this.#ofTenant.set(tenantId, left)
    })
    this.#fetching.set(issuer, fetching)
    return fetching
  }

  async #fetch(issuer: string): Promise<FoundKeys> {
    const fetched = await fetchKeySet(issuer, this.#deps)
    if (fetched === undefined) {
      this.#failed.set(issuer, this.#deps.clock())
      return unreachable
    }
    this.#failed.delete(issuer)
    this.#held.set(issuer, fetched)
    return found(fetched)
  }
}

const unreachable: FoundKeys = { is: 'unreachable' }

function found({ keys }: KeySet): FoundKeys {
  return { is: 'keys', keys }
}

/** Undefined: the issuer does not answer, or nothing that is of use. */
async function fetchKeySet(
  issuer: string,
  { rules, clock }: IssuerKeysDeps,
): Promise<KeySet | undefined> {
  const signal = AbortSignal.timeout(times.fetch)
  const discovered = await fetchJson(discoveryUrl(issuer), rules, signal)
  const place = jwksUrl(discovered, issuer)
  if (place === undefined) return undefined
  const fetched = await fetchJson(place, rules, signal)
  if (fetched.is === 'unreachable') return undefined
  const set = readKeySet(fetched.document)
  if (set.keys.length === 0) return undefined
  const ids = new Set(set.keys.flatMap(({ kid }) => kid ?? []))
  const bytes = JSON.stringify(set).length * 4
  return { keys: createLocalJWKSet(set), ids, fetchedMs: clock(), bytes }
}

function discoveryUrl(issuer: string): URL {
  return new URL(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`)
}

/** Of a document that is the issuer's own. */
function jwksUrl(discovered: Fetched, issuer: string): URL | undefined {
  if (discovered.is === 'unreachable' || discovered.document.issuer !== issuer) return undefined
  const { jwks_uri: place } = discovered.document
  return typeof place === 'string' && URL.canParse(place) ? new URL(place) : undefined
}

/** Keys that a signature may be checked with: others, and secret ones above all, are left out. */
function readKeySet({ keys }: Readonly<Record<string, unknown>>): JSONWebKeySet {
  const all = Array.isArray(keys) ? keys.slice(0, keysMax) : []
  return { keys: all.flatMap((key: unknown) => parseKey(key) ?? []) }
}

const keyTypes: ReadonlySet<unknown> = new Set(['RSA', 'EC', 'OKP'])
/** What public keys are made of: nothing else of what an issuer has sent is kept. */
const members = ['kty', 'kid', 'use', 'alg', 'n', 'e', 'crv', 'x', 'y']

function parseKey(key: unknown): JWK | undefined {
  if (!isRecord(key) || !keyTypes.has(key.kty)) return undefined
  const read: Record<string, string> = {}
  for (const name of members) {
    const value = key[name]
    if (value === undefined) continue
    if (typeof value !== 'string' || value.length > modulusMax) return undefined
    read[name] = value
  }
  return read as JWK
}
