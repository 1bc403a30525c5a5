// The keys of one tenant, all derived from its root key. How that is kept is `seal-secret.ts`, how
// derived keys are cached `tenant-keyring.ts`.
import assert from 'node:assert'
import { createSecretKey, type KeyObject } from 'node:crypto'
import type { TenantId } from '../../../metadata/records.ts'
import { ChunkNames } from '../../../protocol/chunks/chunk-id.ts'
import { type ChunkKeys, InlineKeys } from '../../../protocol/chunks/chunk-keys.ts'
import { hkdfExpand } from '../../../protocol/chunks/hkdf.ts'
import type { RandomBytes } from '../../../protocol/chunks/new-generation.ts'

export type TenantKeys = ChunkKeys & {
  readonly tenantId: TenantId
  /** For what metadata keeps secret in the tenant's name (`seal-secret.ts`). */
  readonly sealingKey: KeyObject
}

export const rootKeyBytes = 32

/** A root key for a new tenant. Seal it (`sealSecret`) before it is stored. */
export function newRootKey(random: RandomBytes): Buffer {
  return random(rootKeyBytes)
}

/** HKDF-SHA256 with a label each; a root key is uniformly random, so the extract step is left out. */
export function deriveTenantKeys(tenantId: TenantId, rootKey: Buffer): TenantKeys {
  assert(rootKey.length === rootKeyBytes, 'a root key has 32 bytes')
  const root = createSecretKey(rootKey)
  return {
    tenantId,
    names: new ChunkNames(hkdfExpand(root, 'holdfast tenant 1 chunk ids')),
    dataKey: createSecretKey(hkdfExpand(root, 'holdfast tenant 1 chunk data')),
    inlineKeys: new InlineKeys(createSecretKey(hkdfExpand(root, 'holdfast tenant 1 inline data'))),
    sealingKey: createSecretKey(hkdfExpand(root, 'holdfast tenant 1 sealing')),
  }
}
