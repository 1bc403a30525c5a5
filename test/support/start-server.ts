// The S3 server in this process, on real engines (`metadata-under-test.ts`), for tests that
// speak to it over sockets and then look at what it keeps. By the command line: `started-server.ts`.
import assert from 'node:assert'
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { BlobUsage } from '../../datanode/blob-node.ts'
import type { BlobStore } from '../../datanode/blob-store.ts'
import { DiskBlobStore, type DiskBlobStoreOptions } from '../../datanode/disk/disk-blob-store.ts'
import { realVfs } from '../../datanode/disk/real-vfs.ts'
import { prepareRootUser } from '../../deploy/process/root-user.ts'
import type { Authorize } from '../../gateway/access/authorize.ts'
import { type MasterKey, openMasterKey } from '../../gateway/access/keys/master-key-file.ts'
import type { AddLine } from '../../gateway/audit/audit-requests.ts'
import { composeGateway } from '../../gateway/compose/compose-gateway.ts'
import type { Config } from '../../gateway/config/config.ts'
import type { ObserveRequest } from '../../gateway/http/request-record.ts'
import { createS3Server } from '../../gateway/http/s3-server.ts'
import { logTo } from '../../gateway/log.ts'
import type { MetadataStore } from '../../metadata/metadata-store.ts'
import { doTasks } from './do-tasks.ts'
import { openMetadataUnderTest } from './metadata-under-test.ts'

export const serverKey = { accessKeyId: 'AKIAWIRETEST', secretAccessKey: 'wire/secret+Key=' }
export const serverRegion = 'us-east-1'
/** Whose uploads those of the server are. */
export const serverOwner = 'server'

type ConfiguredParts =
  | 'domains'
  | 'corsOrigins'
  | 'anyRegion'
  | 'blockPublicAccess'
  | 'objectOwnership'
  | 'externalHttp'
  | 'region'
  | 'ingestMemoryBytes'
  | 'requestRates'
  | 'oidc'
  | 'ldap'

export type ServerOptions = Partial<Pick<Config, ConfiguredParts | 'uploadPace'>> & {
  /** Rejects when it is not well. */
  readonly check?: () => Promise<void>
  readonly authorize?: Authorize
  readonly observe?: ObserveRequest
  readonly audit?: AddLine
  /** What requests see of the metadata. */
  readonly metadataFor?: (store: MetadataStore) => MetadataStore
  /** What stands between gateways and the chunks. */
  readonly between?: (blobs: BlobStore) => BlobStore
  /** So many serve the same stores, each on a port of its own, as processes do. Default: one. */
  readonly gateways?: number
  /** Of the store of chunks. */
  readonly disk?: Partial<Pick<DiskBlobStoreOptions, 'vfs' | 'segmentBytes' | 'reserveBytes'>>
}

export type Logged = { readonly event: string; readonly details: Readonly<Record<string, unknown>> }

type Stores = { readonly metadata: MetadataStore; readonly blobs: DiskBlobStore }

export class RunningServer {
  readonly port: number
  /** Of all gateways; the first is `port`. */
  readonly ports: readonly number[]
  /** The data directory. */
  readonly path: string
  /** Everything it logged: failures that are ours, and nothing else. */
  readonly logged: readonly Logged[]
  readonly stores: Stores
  readonly masterKey: MasterKey
  private readonly closers: readonly (() => Promise<unknown>)[]

  private constructor(parts: {
    readonly ports: readonly number[]
    readonly path: string
    readonly logged: readonly Logged[]
    readonly stores: Stores
    readonly masterKey: MasterKey
    readonly closers: readonly (() => Promise<unknown>)[]
  }) {
    this.port = parts.ports[0] ?? assert.fail('a server without a port')
    this.ports = parts.ports
    this.path = parts.path
    this.logged = parts.logged
    this.stores = parts.stores
    this.masterKey = parts.masterKey
    this.closers = parts.closers
  }

  static async start(all: ServerOptions = {}): Promise<RunningServer> {
    const { check, disk, authorize, observe, audit, metadataFor, between, ...others } = all
    const { gateways = 1, ...options } = others
    const path = await mkdtemp(join(tmpdir(), 'holdfast-wire-'))
    const stores = await openStores(path, disk)
    const keyFile = join(path, 'master.key')
    const { key: masterKey } = await openMasterKey(keyFile, {
      random: randomBytes,
      mayCreate: true,
    })
    await prepareRootUser({
      tenants: stores.metadata.tenants,
      masterKey,
      wanted: { accessKeyId: serverKey.accessKeyId, secretKey: serverKey.secretAccessKey },
      random: randomBytes,
      nowMs: Date.now(),
    })
    const logged: Logged[] = []
    await stores.metadata.owners.begin(serverOwner, 3_600_000)
    const compose = () =>
      composeGateway({
        metadata: metadataFor === undefined ? stores.metadata : metadataFor(stores.metadata),
        blobs: between === undefined ? stores.blobs : between(stores.blobs),
        owner: () => serverOwner,
        masterKey,
        config: {
          region: serverRegion,
          domains: [],
          corsOrigins: [],
          ingestMemoryBytes: 64 * 1024 * 1024,
          uploadPace: { bytesPerSecondMin: 1024, windowMs: 20_000 },
          externalSources: 'any',
          externalHttp: false,
          oidc: { issuers: 'public', http: false },
          anyRegion: false,
          requestRates: { tenant: 0, key: 0 },
          blockPublicAccess: true,
          objectOwnership: 'BucketOwnerEnforced',
          ...options,
        },
        processId: randomBytes(8).toString('hex'),
        random: randomBytes,
        now: Date.now,
        log: logTo((_level, event, details) => logged.push({ event, details })),
        ...(check === undefined ? {} : { check }),
        ...(authorize === undefined ? {} : { authorize }),
        ...(observe === undefined ? {} : { observe }),
        ...(audit === undefined ? {} : { audit }),
      })
    const ports: number[] = []
    const closers: (() => Promise<unknown>)[] = []
    for (let i = 0; i < gateways; i += 1) {
      const gateway = await compose()
      const server = createS3Server(gateway)
      ports.push((await server.listen(0, '127.0.0.1')).port)
      closers.push(
        () => server.close(0),
        () => gateway.close(),
      )
    }
    closers.push(
      () => stores.blobs.close(),
      () => stores.metadata.close(),
      () => rm(path, { recursive: true }),
    )
    return new RunningServer({ ports, path, logged, stores, masterKey, closers })
  }

  /** Does the follow-up work of all deletions, and answers what is kept then. */
  async kept(): Promise<Pick<BlobUsage, 'chunks'>> {
    const { metadata, blobs } = this.stores
    await doTasks(metadata.outbox, (blob) => blobs.delete([blob]))
    const { chunks } = await this.stores.blobs.usage()
    return { chunks }
  }

  /** Fails when the server has met a failure of its own making. */
  assertNoFailure(): void {
    const shown = this.logged.map(({ event, details }) => `${event}: ${String(details.cause)}`)
    assert.deepStrictEqual(shown, [])
  }

  async stop(): Promise<void> {
    for (const close of this.closers) await close()
  }
}

async function openStores(path: string, disk: ServerOptions['disk']): Promise<Stores> {
  const metadata = await openMetadataUnderTest(path)
  const blobs = await DiskBlobStore.open({
    isReferenced: (refs) => metadata.chunks.areReferenced(refs),
    path: join(path, 'chunks'),
    role: 'primary',
    processId: randomBytes(8).toString('hex'),
    vfs: realVfs,
    nowMs: Date.now,
    randomBytes,
    segmentBytes: 64 * 1024 * 1024,
    reserveBytes: 0,
    ...disk,
  })
  return { metadata, blobs }
}
