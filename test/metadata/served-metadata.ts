// Metadata services for tests: one or several on one LMDB environment, and a client of theirs.
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { LmdbMetadataStore } from '../../metadata/lmdb/lmdb-metadata-store.ts'
import type { MetadataStore } from '../../metadata/metadata-store.ts'
import {
  type RemoteMetadataOptions,
  RemoteMetadataStore,
} from '../../metadata/remote/remote-metadata-store.ts'
import {
  createMetadataService,
  type MetadataService,
  type MetadataServiceOptions,
} from '../../metadata/service/metadata-service.ts'
import { type ClusterSecret, parseClusterSecret } from '../../protocol/cluster/cluster-secret.ts'

export const secret = secretOf('a secret of the cluster, long enough')

export function secretOf(text: string): ClusterSecret {
  const parsed = parseClusterSecret(text)
  if (parsed === undefined) throw new Error('no secret')
  return parsed
}

export type ServingService = {
  readonly service: MetadataService
  readonly url: URL
  readonly store: LmdbMetadataStore
  /** What it logged. */
  readonly failures: readonly unknown[]
}

export type ServedOptions = Omit<Partial<MetadataServiceOptions>, 'secret'> & {
  /** Default: the secret of these tests. */
  readonly secret?: 'none'
  /** What the service sees of the store. */
  readonly between?: (store: MetadataStore) => MetadataStore
}

export class ServedMetadata {
  readonly path: string
  readonly services: ServingService[] = []
  readonly #clients: RemoteMetadataStore[] = []

  private constructor(path: string) {
    this.path = path
  }

  /** With so many services. */
  static async start(count = 1, options: ServedOptions = {}): Promise<ServedMetadata> {
    const served = new ServedMetadata(await mkdtemp(join(tmpdir(), 'holdfast-served-')))
    for (let index = 0; index < count; index += 1) await served.add(options)
    return served
  }

  /** Another service on the same environment. `port`: that of one which has ended. */
  async add(
    { between, secret: none, ...options }: ServedOptions = {},
    port = 0,
  ): Promise<ServingService> {
    const store = await LmdbMetadataStore.open({
      path: this.path,
      random: randomBytes,
      role: this.services.length === 0 ? 'primary' : 'worker',
    })
    const failures: unknown[] = []
    const service = createMetadataService({
      store: between === undefined ? store : between(store),
      lineage: store.lineage,
      ...(none === undefined ? { secret } : {}),
      nextRequestId: () => randomBytes(8).toString('hex'),
      onFailure: (cause) => failures.push(cause),
      check: async () => void (await store.tenants.list({ limit: 1 })),
      ...options,
    })
    const address = await service.listen(port, '127.0.0.1')
    const scheme = options.tls === undefined ? 'http' : 'https'
    const url = new URL(`${scheme}://127.0.0.1:${address.port}`)
    const serving = { service, url, store, failures }
    this.services.push(serving)
    return serving
  }

  /** A client of all services, unless others are named. */
  async client(options: Partial<RemoteMetadataOptions> = {}): Promise<RemoteMetadataStore> {
    const client = await RemoteMetadataStore.open({
      endpoints: this.services.map(({ url }) => url),
      secret,
      random: randomBytes,
      ...options,
    })
    this.#clients.push(client)
    return client
  }

  async stop(): Promise<void> {
    for (const client of this.#clients) await client.close()
    for (const { service, store } of this.services) {
      await service.close(0)
      await store.close()
    }
    await rm(this.path, { recursive: true })
  }
}
