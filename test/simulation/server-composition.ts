// A whole server but for its engines, as `deploy/process/open-engines.ts` puts it together: an owner, a gateway behind a
// socket, and background work. Several of them stand on one set of engines, in one process or in several.

import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { DiskBlobStore } from '../../datanode/disk/disk-blob-store.ts'
import { realVfs } from '../../datanode/disk/real-vfs.ts'
import { prepareRootUser } from '../../deploy/process/root-user.ts'
import { type MasterKey, openMasterKey } from '../../gateway/access/keys/master-key-file.ts'
import { LivingOwner } from '../../gateway/background/keep-owner.ts'
import { startBackground } from '../../gateway/compose/background.ts'
import { composeGateway } from '../../gateway/compose/compose-gateway.ts'
import { composeJobWorks } from '../../gateway/compose/compose-job-works.ts'
import { createS3Server } from '../../gateway/http/s3-server.ts'
import { logTo } from '../../gateway/log.ts'
import { LmdbMetadataStore } from '../../metadata/lmdb/lmdb-metadata-store.ts'
import { embeddedTaskQueue } from '../../metadata/tasks/embedded-task-queue.ts'
import { serverKey, serverRegion } from '../support/start-server.ts'

export type SharedEngines = {
  readonly metadata: LmdbMetadataStore
  readonly blobs: DiskBlobStore
  readonly masterKey: MasterKey
  readonly role: 'primary' | 'worker'
  close(): Promise<void>
}

export type Composition = {
  readonly port: number
  readonly owner: string
  /** What it logged: failures of its own making. */
  readonly failures: readonly string[]
  stop(): Promise<void>
}

/** What a task may take is short here, so that what a dead one has claimed comes back soon. */
const taskTimes = { leaseMs: 2_000, idleMs: 50 }

/** `worker`: the directory is open in another process already. */
export async function openSharedEngines(
  directory: string,
  { role, processId }: { readonly role: 'primary' | 'worker'; readonly processId: string },
): Promise<SharedEngines> {
  const metadata = await LmdbMetadataStore.open({
    path: join(directory, 'metadata'),
    random: randomBytes,
    role,
  })
  if (role === 'primary') await metadata.owners.endFormerLives()
  const blobs = await DiskBlobStore.open({
    isReferenced: (refs) => metadata.chunks.areReferenced(refs),
    path: join(directory, 'chunks'),
    role,
    processId,
    vfs: realVfs,
    nowMs: Date.now,
    randomBytes,
    segmentBytes: 8 * 1024 * 1024,
    reserveBytes: 0,
  })
  const { key: masterKey } = await openMasterKey(join(directory, 'master.key'), {
    random: randomBytes,
    mayCreate: role === 'primary',
  })
  await prepareRootUser({
    tenants: metadata.tenants,
    masterKey,
    wanted: { accessKeyId: serverKey.accessKeyId, secretKey: serverKey.secretAccessKey },
    random: randomBytes,
    nowMs: Date.now(),
  })
  const close = async () => {
    await blobs.close()
    await metadata.close()
  }
  return { metadata, blobs, masterKey, role, close }
}

export async function startComposition(
  engines: SharedEngines,
  processId: string,
): Promise<Composition> {
  const { metadata, blobs, role } = engines
  const failures: string[] = []
  const log = logTo((_level, event, { cause }) => failures.push(`${event}: ${String(cause)}`))
  const owner = await LivingOwner.begin({
    ...{ owners: metadata.owners, processId },
    onFailure: (cause) => failures.push(`heartbeat: ${String(cause)}`),
    onEnded: (ended) => failures.push(`${ended} was ended`),
  })
  const shared = {
    ...engines,
    ...{ owner: () => owner.id, processId, random: randomBytes, now: Date.now, log },
  }
  const gateway = await composeGateway({
    ...shared,
    config: {
      ...{
        region: serverRegion,
        domains: [],
        corsOrigins: [],
        anyRegion: false,
        blockPublicAccess: true,
        objectOwnership: 'BucketOwnerEnforced',
      },
      ...{
        externalSources: 'any',
        oidc: { issuers: 'off', http: false },
        externalHttp: false,
      },
      ingestMemoryBytes: 64 * 1024 * 1024,
      requestRates: { tenant: 0, key: 0 },
      uploadPace: { bytesPerSecondMin: 1024, windowMs: 20_000 },
    },
  })
  const sources = { externalSources: 'any', externalHttp: false } as const
  const jobWorks = composeJobWorks({ ...shared, config: sources })
  const background = startBackground({
    ...shared,
    works: jobWorks.works,
    queue: embeddedTaskQueue({ tasksMax: 256, onFailure: (cause) => failures.push(String(cause)) }),
    // What a disk's keeper does is for the process that opened it first.
    node: role === 'primary' ? blobs : unkept(blobs),
    moreJobs: [],
    options: {
      ...{ staleUploadMs: 0, keepOrphansMs: 3_600_000, scrubBytesPerSecond: 1024 * 1024 },
      taskTimes,
    },
  })
  const server = createS3Server(gateway)
  const { port } = await server.listen(0, '127.0.0.1')
  const stop = async () => {
    await server.close(1_000)
    await background.stop()
    await jobWorks.close()
    await gateway.close()
    await owner.end()
  }
  return { port, owner: owner.id, failures, stop }
}

function unkept(blobs: DiskBlobStore): DiskBlobStore {
  return Object.create(blobs, {
    delete: { value: (refs: Parameters<DiskBlobStore['delete']>[0]) => blobs.delete(refs) },
    usage: { value: () => blobs.usage() },
    list: { value: (page: Parameters<DiskBlobStore['list']>[0]) => blobs.list(page) },
    reclaim: { value: async () => ({ is: 'idle' }) },
    scrub: { value: async () => ({ corrupt: [], problems: [] }) },
  })
}
