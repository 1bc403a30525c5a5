// Opens what a gateway or a worker works with: metadata and chunks that are kept elsewhere.
import { randomBytes } from 'node:crypto'
import { RemoteBlobStore } from '../../datanode/remote/remote-blob-store.ts'
import { rootTenantId } from '../../gateway/access/identity.ts'
import { openMasterKey } from '../../gateway/access/keys/master-key-file.ts'
import type { RoleConfig } from '../../gateway/config/role-config.ts'
import type { Log } from '../../gateway/log.ts'
import { parseClusterSecret } from '../../protocol/cluster/cluster-secret.ts'
import { openOuterMetadata, readClusterTls } from '../stores/outer-metadata.ts'
import { EngineLoss } from './engine-loss.ts'
import { beginOwner } from './open-engines.ts'
import { ProcessEngines } from './process-engines.ts'

/** `processId` is unique to this life of the process. */
export async function openRoleEngines(
  config: RoleConfig,
  { processId, log }: { readonly processId: string; readonly log: Log },
): Promise<ProcessEngines> {
  const { cluster } = config
  const outer = await openOuterMetadata({
    ...{ location: config.metadata, cluster, role: 'primary' },
    print: (line) => log.info(line),
    onUnusable: (cause) => log.error('metadata cannot be written any more', { cause }),
  })
  const secret = cluster.secret === undefined ? undefined : parseClusterSecret(cluster.secret)
  const blobs = await RemoteBlobStore.open({
    endpoint: new URL(config.chunks),
    tls: await readClusterTls(cluster),
    unencrypted: cluster.unencrypted,
    ...(secret === undefined ? {} : { secret }),
  })
  const close = async () => {
    await blobs.close()
    await outer.engine.close()
  }
  try {
    const metadata = outer.store
    const isNew = (await metadata.tenants.get(rootTenantId)) === undefined
    const { key: masterKey } = await openMasterKey(config.masterKeyFile, {
      random: randomBytes,
      mayCreate: isNew,
    })
    const engines = [{ ...outer.engine, close }]
    const stores = { metadata, blobs, node: undefined, engines, keeping: [] }
    const owner = await beginOwner(stores, { processId, log })
    // Nothing of what it works with can be lost to this process alone.
    const loss = new EngineLoss('worker', log)
    return new ProcessEngines({ config, masterKey, processId, owner, log, loss, ...stores })
  } catch (cause) {
    await close()
    throw cause
  }
}
