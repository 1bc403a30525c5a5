// From an access key id to the secret that the admin API verifies a signature with: keys of admins, and of root users.
import type { AdminDocument } from '../../../metadata/identity-records.ts'
import type { MetadataStore } from '../../../metadata/metadata-store.ts'
import { defaultNamespace } from '../../../metadata/namespaces.ts'
import type { AccessKey } from '../../../metadata/records.ts'
import type { Credentials, CredentialsCache, PresentedKey } from '../../access/credentials.ts'
import type { MasterKey } from '../../access/keys/master-key-file.ts'
import { openSecret } from '../../access/keys/seal-secret.ts'
import { adminsTenantId } from '../admins/admins-tenant.ts'

export type AdminCredentialsDeps = {
  readonly metadata: Pick<MetadataStore, 'tenants' | 'identities'>
  readonly masterKey: MasterKey
  /** Of tenants. */
  readonly credentials: Pick<CredentialsCache, 'find'>
}

/** Admins are looked up at each request: what was taken from them is gone at once. */
export class AdminCredentials {
  readonly #deps: AdminCredentialsDeps

  constructor(deps: AdminCredentialsDeps) {
    this.#deps = deps
  }

  /** Undefined: no such key, or it is not active. Throws as `CredentialsCache.find`. */
  async find(presented: PresentedKey): Promise<Credentials | undefined> {
    const { metadata, credentials } = this.#deps
    const { accessKeyId, sessionToken = '' } = presented
    if (sessionToken !== '') return credentials.find(presented)
    const row = await metadata.tenants.getAccessKey(accessKeyId)
    if (row === undefined || row.tenantId !== adminsTenantId) return credentials.find(presented)
    const admin = await this.admin(row.userName)
    return admin && this.#ofAdmin(row, admin)
  }

  admin(id: string): Promise<AdminDocument | undefined> {
    return this.#deps.metadata.identities.get(adminsTenantId, 'admin', id)
  }

  #ofAdmin(row: AccessKey, admin: AdminDocument): Credentials | undefined {
    const { accessKeyId } = row
    const listed = admin.keys.find((key) => key.accessKeyId === accessKeyId)
    if (listed?.status !== 'active') return undefined
    const name = { is: 'secretAccessKey', tenantId: adminsTenantId, accessKeyId } as const
    const secret = openSecret(this.#deps.masterKey, name, row.sealedSecret)
    return {
      identity: {
        ...{ is: 'user', tenantId: adminsTenantId, namespace: defaultNamespace },
        ...{ userName: admin.id, accessKeyId },
      },
      secretAccessKey: secret.toString('utf8'),
    }
  }
}
