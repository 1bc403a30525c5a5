// What is needed to make tenants and to change them.
import type { MetadataStore } from '../../../metadata/metadata-store.ts'
import type { RandomBytes } from '../../../protocol/chunks/new-generation.ts'
import type { MasterKey } from '../../access/keys/master-key-file.ts'

export type TenantDeps = {
  readonly metadata: Pick<MetadataStore, 'tenants' | 'identities'>
  readonly masterKey: MasterKey
  readonly random: RandomBytes
  /** Milliseconds since 1970. */
  readonly now: () => number
}
