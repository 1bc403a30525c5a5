// From an access key id to what the gateway needs of it: the secret, and whose it is.
// Kept for a moment, because each request asks; a key that is withdrawn stops working within
// `freshMs`. Unknown keys are never remembered.
import { LRUCache } from 'lru-cache'
import type { MetadataStore } from '../../metadata/metadata-store.ts'
import { S3Error } from '../../protocol/s3/s3-error.ts'
import type { User } from './identity.ts'
import type { MasterKey } from './keys/master-key-file.ts'
import { openSecret } from './keys/seal-secret.ts'

export type Credentials = {
  readonly identity: User
  readonly secretAccessKey: string
}

/** Undefined: no such key, or it is not active. */
export type FindCredentials = (accessKeyId: string) => Promise<Credentials | undefined>

const freshMs = 1_000
const heldMax = 10_000

export class CredentialsCache {
  private readonly deps: {
    readonly metadata: MetadataStore
    readonly masterKey: MasterKey
  }
  /** By the monotonic clock, which nobody sets back. */
  private readonly held = new LRUCache<string, Credentials>({ max: heldMax, ttl: freshMs })

  constructor(deps: CredentialsCache['deps']) {
    this.deps = deps
  }

  /** As `FindCredentials`. */
  async find(accessKeyId: string): Promise<Credentials | undefined> {
    const found = this.held.get(accessKeyId)
    if (found !== undefined) return found
    const credentials = await this.load(accessKeyId)
    if (credentials !== undefined) this.held.set(accessKeyId, credentials)
    return credentials
  }

  private async load(accessKeyId: string): Promise<Credentials | undefined> {
    const { metadata, masterKey } = this.deps
    const accessKey = await metadata.tenants.getAccessKey(accessKeyId)
    if (accessKey === undefined || accessKey.status !== 'active') return undefined
    const tenant = await metadata.tenants.get(accessKey.tenantId)
    if (tenant === undefined) return undefined
    const secret = openSecret(
      masterKey,
      { is: 'secretAccessKey', tenantId: tenant.id, accessKeyId },
      accessKey.sealedSecret,
    )
    return {
      identity: { is: 'user', tenantId: tenant.id, userName: accessKey.userName, accessKeyId },
      secretAccessKey: secret.toString('utf8'),
    }
  }
}

/** Throws `InvalidToken` when a token was sent; an empty one counts as none. */
export function refuseSessionToken(token: string | undefined): void {
  if (token !== undefined && token !== '') throw new S3Error('InvalidToken', { 'Token-0': token })
}
