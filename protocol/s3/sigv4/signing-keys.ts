// Signing keys: derived from a secret for one day and region, and kept, for deriving one costs more than
// all the rest of a verification.
import { createHmac, createSecretKey, type KeyObject } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import type { CredentialScope } from './signed-request.ts'

type Entry = { readonly secret: string; readonly key: KeyObject }

/** Holds the last keys used, at most `entriesMax`; the rest are derived anew. One per process is meant. */
export class SigningKeyCache {
  readonly #entries: LRUCache<string, Entry>

  constructor(options: { readonly entriesMax: number }) {
    this.#entries = new LRUCache({ max: options.entriesMax })
  }

  /** The key for `scope`. A secret other than the one it was derived from replaces the entry. */
  keyFor(scope: CredentialScope, secretAccessKey: string): KeyObject {
    const known = this.#entries.get(scope.credential)
    if (known !== undefined && known.secret === secretAccessKey) return known.key
    const key = deriveSigningKey(secretAccessKey, scope)
    this.#entries.set(scope.credential, { secret: secretAccessKey, key })
    return key
  }
}

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html */
export function deriveSigningKey(
  secretAccessKey: string,
  { date, region, service = 's3' }: Pick<CredentialScope, 'date' | 'region' | 'service'>,
): KeyObject {
  const dateKey = hmac(`AWS4${secretAccessKey}`, date)
  const regionKey = hmac(dateKey, region)
  const serviceKey = hmac(regionKey, service)
  return createSecretKey(hmac(serviceKey, 'aws4_request'))
}

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest()
}
