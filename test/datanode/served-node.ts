// A data node for tests: a disk store behind a server, and clients of it.
import { randomBytes } from 'node:crypto'
import type { BlobNode } from '../../datanode/blob-node.ts'
import type { DiskBlobStore } from '../../datanode/disk/disk-blob-store.ts'
import { type RemoteBlobOptions, RemoteBlobStore } from '../../datanode/remote/remote-blob-store.ts'
import {
  createDataNode,
  type DataNode,
  type DataNodeOptions,
} from '../../datanode/server/data-node.ts'
import { type ClusterSecret, parseClusterSecret } from '../../protocol/cluster/cluster-secret.ts'
import { type DiskFixture, diskFixture } from './disk-store-fixture.ts'

export const secret = secretOf('a secret of the cluster, long enough')

export function secretOf(text: string): ClusterSecret {
  const parsed = parseClusterSecret(text)
  if (parsed === undefined) throw new Error('no secret')
  return parsed
}

export type ServedNodeOptions = Partial<DataNodeOptions> & {
  /** What the server sees of the store. */
  readonly between?: (store: BlobNode) => BlobNode
}

export class ServedNode {
  /** What the server logged. */
  readonly failures: unknown[] = []
  readonly #fixture: DiskFixture
  readonly #options: ServedNodeOptions
  readonly #clients: RemoteBlobStore[] = []
  #store: DiskBlobStore | undefined
  #server: DataNode | undefined
  #port = 0

  private constructor(fixture: DiskFixture, options: ServedNodeOptions) {
    this.#fixture = fixture
    this.#options = options
  }

  static async start(options: ServedNodeOptions = {}): Promise<ServedNode> {
    const node = new ServedNode(await diskFixture(), options)
    await node.up()
    return node
  }

  get url(): URL {
    return new URL(
      `${this.#options.tls === undefined ? 'http' : 'https'}://127.0.0.1:${this.#port}`,
    )
  }

  get server(): DataNode {
    if (this.#server === undefined) throw new Error('it is down')
    return this.#server
  }

  get store(): DiskBlobStore {
    if (this.#store === undefined) throw new Error('it is down')
    return this.#store
  }

  /** On the same port as before, if it has been up. */
  async up(): Promise<void> {
    const { between = (store) => store, ...options } = this.#options
    const store = await this.#fixture.open()
    const server = createDataNode({
      node: between(store),
      ...(options.tls?.ca === undefined ? { secret } : {}),
      nextRequestId: () => randomBytes(8).toString('hex'),
      onFailure: (cause) => this.failures.push(cause),
      check: async () => void (await store.usage()),
      ...options,
    })
    this.#port = (await server.listen(this.#port, '127.0.0.1')).port
    this.#store = store
    this.#server = server
  }

  async down(drainMs = 0): Promise<void> {
    await this.#server?.close(drainMs)
    await this.#store?.close()
    this.#server = undefined
    this.#store = undefined
  }

  async client(options: Partial<RemoteBlobOptions> = {}): Promise<RemoteBlobStore> {
    const client = await RemoteBlobStore.open({ endpoint: this.url, secret, ...options })
    this.#clients.push(client)
    return client
  }

  async stop(): Promise<void> {
    for (const client of this.#clients) await client.close()
    await this.down()
    await this.#fixture.discard()
  }
}
