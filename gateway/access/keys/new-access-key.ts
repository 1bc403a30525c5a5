// Access keys of our own making: drawn, and as rows with their secrets sealed.
import type { AccessKey, TenantId } from '../../../metadata/records.ts'
import type { RandomBytes } from '../../../protocol/chunks/new-generation.ts'
import type { MasterKey } from './master-key-file.ts'
import { sealSecret } from './seal-secret.ts'

export type DrawnKey = { readonly accessKeyId: string; readonly secretKey: string }

/** Letters and digits alone, which every client and shell takes as they are. 160 bits of secret. */
export function drawAccessKey(random: RandomBytes): DrawnKey {
  return {
    accessKeyId: `HF${random(9).toString('hex').toUpperCase()}`,
    secretKey: random(20).toString('hex'),
  }
}

export type KeySealing = {
  readonly masterKey: MasterKey
  readonly random: RandomBytes
  readonly nowMs: number
}

/** The row of an active key. */
export function sealAccessKey(
  { masterKey, random, nowMs }: KeySealing,
  {
    accessKeyId,
    secretKey,
    tenantId,
    userName,
  }: DrawnKey & { readonly tenantId: TenantId; readonly userName: string },
): AccessKey {
  const name = { is: 'secretAccessKey', tenantId, accessKeyId } as const
  return {
    ...{ accessKeyId, tenantId, userName, status: 'active', createdMs: nowMs },
    sealedSecret: sealSecret(masterKey, { name, plaintext: Buffer.from(secretKey) }, random),
  }
}
