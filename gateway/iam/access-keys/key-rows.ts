// Rows of access keys: the secret, sealed, and whose it is. One of a user opens something only while his document lists it as
// active, so that a row is made before the document names it, and removed after it no longer does. What is left over when
// that was cut off opens nothing. The root user has no document: of his keys, the rows say all there is.
import assert from 'node:assert'
import type { UserDocument } from '../../../metadata/identity-records.ts'
import type { AccessKey, TenantId } from '../../../metadata/records.ts'
import { sealAccessKey } from '../../access/keys/new-access-key.ts'
import { drawId, drawSecret } from '../../access/keys/session-token.ts'
import type { QueryServices } from '../../query/query-action.ts'
import { eachEntry } from '../each-entry.ts'
import { nameKey } from '../iam-names.ts'

export type NewKey = { readonly row: AccessKey; readonly secretAccessKey: string }

type Owner = { readonly tenantId: TenantId; readonly userName: string }

export async function makeKeyRow(
  { metadata, masterKey, random, now }: QueryServices,
  owner: Owner,
): Promise<NewKey> {
  const drawn = { accessKeyId: drawId('AKIA', random), secretKey: drawSecret(random) }
  const row = sealAccessKey({ masterKey, random, nowMs: now() }, { ...drawn, ...owner })
  const { is } = await metadata.tenants.putAccessKey(row)
  assert(is === 'done', 'an access key id of 80 random bits was drawn twice')
  return { row, secretAccessKey: drawn.secretKey }
}

/** Others may rename or delete the user meanwhile, or his keys: looked at again so often. */
const looksMax = 10

/**
 * Sees to it that the rows of a user's keys carry his name, by which his document is found, and that this process
 * knows no other.
 */
export async function nameKeyRows(
  { metadata, credentials }: QueryServices,
  tenantId: TenantId,
  renamed: Pick<UserDocument, 'id' | 'name'>,
): Promise<void> {
  const written = new Set<string>()
  for (let looks = 0; looks < looksMax; looks += 1) {
    const user = await userOfId(metadata, tenantId, renamed)
    const keys = new Set(user?.accessKeys.map(({ accessKeyId }) => accessKeyId))
    // It was removed between the reading and the writing of its row.
    for (const accessKeyId of written) {
      if (!keys.has(accessKeyId)) await metadata.tenants.removeAccessKey(tenantId, accessKeyId)
    }
    let isSettled = true
    for (const accessKeyId of keys) {
      const row = await metadata.tenants.getAccessKey(accessKeyId)
      if (user !== undefined && row?.tenantId === tenantId && row.userName !== user.name) {
        await metadata.tenants.putAccessKey({ ...row, userName: user.name })
        written.add(accessKeyId)
        isSettled = false
      }
      credentials.forget(accessKeyId)
    }
    if (isSettled) return
  }
}

/** Also when he has got yet another name. */
async function userOfId(
  { identities }: QueryServices['metadata'],
  tenantId: TenantId,
  { id, name }: Pick<UserDocument, 'id' | 'name'>,
): Promise<UserDocument | undefined> {
  const user = await identities.get(tenantId, 'user', nameKey(name))
  if (user?.id === id) return user
  for await (const { document } of eachEntry(identities, tenantId, { kind: 'user' })) {
    if (document.id === id) return document
  }
  return undefined
}
