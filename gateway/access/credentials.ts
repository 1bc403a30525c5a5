// From an access key id, and the token of a session, to what the gateway needs of it: the secret, and whose it is.
// Kept for a moment, because each request asks; a key that is withdrawn stops working within
// `freshMs`. Unknown keys are never remembered.
import { LRUCache } from 'lru-cache'
import type { UserDocument } from '../../metadata/identity-records.ts'
import type { MetadataStore } from '../../metadata/metadata-store.ts'
import type { Tenant, TenantId } from '../../metadata/records.ts'
import { S3Error } from '../../protocol/s3/s3-error.ts'
import { accountDocument } from '../acl/account-blocks.ts'
import { rootUserName, type User } from './identity.ts'
import type { MasterKey } from './keys/master-key-file.ts'
import { openSecret } from './keys/seal-secret.ts'
import { openSession, type SessionOwner, sessionIdentity } from './keys/session-token.ts'
import { isEndedOfRoot } from './standing.ts'

export type Credentials = {
  readonly identity: User
  readonly secretAccessKey: string
}

export type PresentedKey = {
  readonly accessKeyId: string
  /** An empty one counts as none. */
  readonly sessionToken?: string | undefined
}

/** Undefined: no such key, or it is not active. */
export type FindCredentials = (accessKeyId: string) => Promise<Credentials | undefined>

const freshMs = 1_000
const heldMax = 10_000
const heldBytesMax = 32 * 1024 * 1024
/** Of one without a token. */
const entryBytes = 512

export type CredentialsDeps = {
  readonly metadata: Pick<MetadataStore, 'tenants' | 'identities'>
  readonly masterKey: MasterKey
  readonly now: () => number
}

export class CredentialsCache {
  private readonly deps: CredentialsDeps
  /** By the monotonic clock, which nobody sets back. */
  private readonly held = new LRUCache<string, Credentials>({
    max: heldMax,
    maxSize: heldBytesMax,
    sizeCalculation: (_, key) => entryBytes + 2 * key.length,
    ttl: freshMs,
  })

  constructor(deps: CredentialsDeps) {
    this.deps = deps
  }

  /**
   * Undefined: no such key, or it is not active. Throws `InvalidToken` for a token that is not of this key, `ExpiredToken`,
   * and `AccountProblem` when the tenant is suspended.
   */
  async find({ accessKeyId, sessionToken = '' }: PresentedKey): Promise<Credentials | undefined> {
    const place = sessionToken === '' ? accessKeyId : `${accessKeyId} ${sessionToken}`
    let found = this.held.get(place)
    if (found === undefined) {
      found =
        sessionToken === ''
          ? await this.load(accessKeyId)
          : await this.loadSession({ accessKeyId, sessionToken })
      if (found !== undefined) this.held.set(place, found)
    }
    const expiresMs = found?.identity.session?.expiresMs
    if (expiresMs !== undefined && expiresMs <= this.deps.now()) throw new S3Error('ExpiredToken')
    return found
  }

  /** What is known of a key is looked up anew: it has just been changed here. */
  forget(accessKeyId: string): void {
    this.held.delete(accessKeyId)
  }

  private async load(accessKeyId: string): Promise<Credentials | undefined> {
    const { metadata, masterKey } = this.deps
    const accessKey = await metadata.tenants.getAccessKey(accessKeyId)
    if (accessKey === undefined || accessKey.status !== 'active') return undefined
    const { tenantId, userName } = accessKey
    const tenant = await this.activeTenant(tenantId)
    if (tenant === undefined) return undefined
    let user: UserDocument | undefined
    if (userName !== rootUserName) {
      // The key's row may be older than what its user says, or left over.
      user = await metadata.identities.get(tenantId, 'user', userName.toLowerCase())
      const listed = user?.accessKeys.find((key) => key.accessKeyId === accessKeyId)
      if (listed?.status !== 'active') return undefined
    }
    const secret = openSecret(
      masterKey,
      { is: 'secretAccessKey', tenantId, accessKeyId },
      accessKey.sealedSecret,
    )
    return {
      identity: {
        ...{ is: 'user', tenantId, ...placeOf(tenant), userName, accessKeyId },
        ...(user === undefined ? {} : { userId: user.id }),
      },
      secretAccessKey: secret.toString('utf8'),
    }
  }

  private async loadSession(presented: Required<PresentedKey>): Promise<Credentials> {
    const { accessKeyId, sessionToken = '' } = presented
    const owner = openSession(this.deps.masterKey, { accessKeyId, sessionToken })
    const tenant = owner && (await this.activeTenant(owner.tenantId))
    if (owner === undefined || tenant === undefined) {
      throw new S3Error('InvalidToken', { 'Token-0': sessionToken })
    }
    if (await this.isEndedOfRoot(owner)) throw new S3Error('ExpiredToken')
    return {
      identity: sessionIdentity(owner, { ...placeOf(tenant), accessKeyId }),
      secretAccessKey: owner.secretAccessKey,
    }
  }

  /** Told at once, and as what it is: others of the root user's sessions are found to be over when they ask (`standing.ts`). */
  private async isEndedOfRoot({ tenantId, session }: SessionOwner): Promise<boolean> {
    if (session.of === 'role' || session.ownerId !== rootUserName) return false
    const account = await this.deps.metadata.identities.get(tenantId, 'account', accountDocument)
    return isEndedOfRoot(session, account)
  }

  private async activeTenant(id: TenantId): Promise<Tenant | undefined> {
    const tenant = await this.deps.metadata.tenants.get(id)
    if (tenant !== undefined && tenant.status !== 'active') throw new S3Error('AccountProblem')
    return tenant
  }
}

function placeOf({ namespace, region }: Tenant): Pick<User, 'namespace' | 'region'> {
  return { namespace, ...(region === undefined ? {} : { region }) }
}
