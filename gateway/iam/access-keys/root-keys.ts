// Access keys of the root user of a tenant. Their rows alone say what there is of them, and no commit holds them together:
// whoever changes one looks afterwards whether it may stand, and takes it back if not. So of two who do it at once both may be
// refused, but never is there one key too many, or none that opens.
import type { AccessKey, TenantId } from '../../../metadata/records.ts'
import { QueryError } from '../../../protocol/query/query-error.ts'
import { rootUserName } from '../../access/identity.ts'
import type { QueryServices } from '../../query/query-action.ts'
import { keysOfUserMax } from '../account-quotas.ts'
import { deleteConflict, limitExceeded } from '../no-such-entity.ts'
import { noSuchKey } from './found-key.ts'
import { makeKeyRow, type NewKey } from './key-rows.ts'

type OfTenant = Pick<QueryServices, 'metadata'>

const rowsAtOnce = 1_000

/** In the order of their ids. */
export async function rootKeysOf(
  { metadata }: OfTenant,
  tenantId: TenantId,
): Promise<readonly AccessKey[]> {
  const found: AccessKey[] = []
  for (let after: string | undefined; ; ) {
    const page = after === undefined ? { limit: rowsAtOnce } : { after, limit: rowsAtOnce }
    const rows = await metadata.tenants.listAccessKeys(tenantId, page)
    found.push(...rows.filter(({ userName }) => userName === rootUserName))
    if (rows.length < rowsAtOnce) return found
    after = rows.at(-1)?.accessKeyId
  }
}

/** Throws `LimitExceeded`. */
export async function createRootKey(services: QueryServices, tenantId: TenantId): Promise<NewKey> {
  const tooMany = limitExceeded('AccessKeysPerUser', keysOfUserMax)
  if ((await rootKeysOf(services, tenantId)).length >= keysOfUserMax) throw tooMany
  const made = await makeKeyRow(services, { tenantId, userName: rootUserName })
  if ((await rootKeysOf(services, tenantId)).length <= keysOfUserMax) return made
  await services.metadata.tenants.removeAccessKey(tenantId, made.row.accessKeyId)
  throw tooMany
}

type Change = {
  readonly tenantId: TenantId
  readonly accessKeyId: string
  readonly status: AccessKey['status']
}

/** Throws `NoSuchEntity`, and `UnmodifiableEntity` for the last that is active. */
export async function updateRootKey(
  services: QueryServices,
  { tenantId, accessKeyId, status }: Change,
): Promise<void> {
  const row = await rootKey(services, { tenantId, accessKeyId })
  if (row.status === status) return
  if (status === 'inactive') {
    const refusal = new QueryError(
      'UnmodifiableEntity',
      'Cannot make the only active access key of the root user inactive.',
    )
    return deactivate(services, row, refusal)
  }
  await services.metadata.tenants.putAccessKey({ ...row, status })
  services.credentials.forget(accessKeyId)
}

/** Throws `NoSuchEntity`, and `DeleteConflict` for the last that is active. */
export async function deleteRootKey(
  services: QueryServices,
  { tenantId, accessKeyId }: Omit<Change, 'status'>,
): Promise<void> {
  const row = await rootKey(services, { tenantId, accessKeyId })
  if (row.status === 'active') {
    await deactivate(
      services,
      row,
      deleteConflict('must keep an active access key of the root user'),
    )
  }
  await services.metadata.tenants.removeAccessKey(tenantId, accessKeyId)
  services.credentials.forget(accessKeyId)
}

async function deactivate(
  services: QueryServices,
  row: AccessKey,
  refusal: QueryError,
): Promise<void> {
  const { tenantId, accessKeyId } = row
  const areOthersActive = async () =>
    (await rootKeysOf(services, tenantId)).some(
      (key) => key.status === 'active' && key.accessKeyId !== accessKeyId,
    )
  if (!(await areOthersActive())) throw refusal
  await services.metadata.tenants.putAccessKey({ ...row, status: 'inactive' })
  if (await areOthersActive()) {
    services.credentials.forget(accessKeyId)
    return
  }
  await services.metadata.tenants.putAccessKey(row)
  throw refusal
}

async function rootKey(
  { metadata }: OfTenant,
  { tenantId, accessKeyId }: Omit<Change, 'status'>,
): Promise<AccessKey> {
  const row = await metadata.tenants.getAccessKey(accessKeyId)
  if (row?.tenantId === tenantId && row.userName === rootUserName) return row
  throw noSuchKey(accessKeyId)
}
