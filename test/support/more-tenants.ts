// Tenants of a server under test, besides the one whose root user it begins with.
import assert from 'node:assert'
import { randomBytes } from 'node:crypto'
import { rootUserName } from '../../gateway/access/identity.ts'
import { sealSecret } from '../../gateway/access/keys/seal-secret.ts'
import { newRootKey } from '../../gateway/access/keys/tenant-keys.ts'
import { defaultNamespace } from '../../metadata/namespaces.ts'
import { parseTenantId } from '../../metadata/record-ids.ts'
import type { TenantId } from '../../metadata/records.ts'
import type { SigningContext } from '../../protocol/s3/sigv4/sign-request.ts'
import { type RunningServer, serverRegion } from './start-server.ts'

export type AnotherTenant = {
  readonly tenantId: TenantId
  /** Of its root user, to sign with. */
  readonly credentials: SigningContext['credentials']
}

/** In the same namespace as the first. */
export async function addTenant(
  { stores, masterKey }: RunningServer,
  name: string,
): Promise<AnotherTenant> {
  const tenantId = parseTenantId(name)
  assert.ok(tenantId !== undefined)
  const createdMs = Date.now()
  const accessKeyId = `AKIA${name.toUpperCase().padEnd(16, 'X')}`
  const secretAccessKey = randomBytes(20).toString('hex')
  const seal = (of: Parameters<typeof sealSecret>[1]) => sealSecret(masterKey, of, randomBytes)
  await stores.metadata.tenants.create(
    {
      ...{ id: tenantId, name, namespace: defaultNamespace, createdMs },
      ...{ revision: 1, status: 'active', quota: {} },
      sealedKey: seal({
        name: { is: 'tenantRootKey', tenantId },
        plaintext: newRootKey(randomBytes),
      }),
    },
    {
      ...{ accessKeyId, tenantId, userName: rootUserName, status: 'active', createdMs },
      sealedSecret: seal({
        name: { is: 'secretAccessKey', tenantId, accessKeyId },
        plaintext: Buffer.from(secretAccessKey),
      }),
    },
  )
  return { tenantId, credentials: { accessKeyId, secretAccessKey, region: serverRegion } }
}
