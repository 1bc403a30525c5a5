// Bearer tokens: an id by which one is found, and a secret of which only a digest is kept.
import { createHash, timingSafeEqual } from 'node:crypto'
import type { AdminTokenDocument } from '../../../metadata/identity-records.ts'
import type { IdentityStore } from '../../../metadata/identity-store.ts'
import type { RandomBytes } from '../../../protocol/chunks/new-generation.ts'
import { adminsTenantId } from '../admins/admins-tenant.ts'

const form = /^hft_([0-9a-f]{16})_([0-9a-f]{64})$/

/** `token` is told this once. */
export function drawToken(random: RandomBytes): {
  readonly id: string
  readonly token: string
  readonly hash: string
} {
  const id = random(8).toString('hex')
  const secret = random(32).toString('hex')
  return { id, token: `hft_${id}_${secret}`, hash: digestOf(secret).toString('hex') }
}

/** Undefined: no such token, or it has expired. */
export async function findToken(
  store: Pick<IdentityStore, 'get'>,
  presented: string,
  nowMs: number,
): Promise<AdminTokenDocument | undefined> {
  const [, id = '', secret = ''] = form.exec(presented) ?? []
  if (id === '') return undefined
  const found = await store.get(adminsTenantId, 'adminToken', id)
  if (found === undefined || found.expiresMs <= nowMs) return undefined
  return timingSafeEqual(digestOf(secret), Buffer.from(found.hash, 'hex')) ? found : undefined
}

/** It has 256 random bits, which need no slow digest. */
function digestOf(secret: string): Buffer {
  return createHash('sha256').update(secret).digest()
}
