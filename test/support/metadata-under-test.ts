// The metadata that tests of the gateway work on. HOLDFAST_TEST_METADATA says which: `lmdb` (as a rule), `mongodb`, or
// `services`, which is two metadata services before one database, and a client of both.
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import type { LineageStore } from '../../metadata/lineage-store.ts'
import { LmdbMetadataStore } from '../../metadata/lmdb/lmdb-metadata-store.ts'
import type { MetadataStore } from '../../metadata/metadata-store.ts'
import { RemoteMetadataStore } from '../../metadata/remote/remote-metadata-store.ts'
import { createMetadataService } from '../../metadata/service/metadata-service.ts'
import { parseClusterSecret } from '../../protocol/cluster/cluster-secret.ts'
import { borrowMongoStore, borrowMongoStores } from './mongo-stores.ts'

export type MetadataKind = 'lmdb' | 'mongodb' | 'services'
export type MetadataUnderTest = MetadataStore & { readonly lineage: LineageStore }

export function metadataKind(): MetadataKind {
  const kind = process.env.HOLDFAST_TEST_METADATA ?? 'lmdb'
  if (kind === 'lmdb' || kind === 'mongodb' || kind === 'services') return kind
  throw new Error(`HOLDFAST_TEST_METADATA: lmdb, mongodb or services, not ${kind}`)
}

/** Fresh and empty. `path`: a directory of the test's, of which `metadata` may be used. */
export async function openMetadataUnderTest(path: string): Promise<MetadataUnderTest> {
  const kind = metadataKind()
  switch (kind) {
    case 'lmdb':
      return LmdbMetadataStore.open({
        ...{ path: join(path, 'metadata'), random: randomBytes, role: 'primary' },
      })
    case 'mongodb':
      return borrowMongoStore()
    case 'services':
      return openServices()
    default:
      return kind satisfies never
  }
}

/** Two metadata services, each with an engine of its own, before one database, and a client of both. */
export async function openServices(): Promise<MetadataUnderTest> {
  const stores = await borrowMongoStores(2)
  const secret = parseClusterSecret(randomBytes(32).toString('hex'))
  if (secret === undefined) throw new Error('no secret')
  const services = stores.map((store) =>
    createMetadataService({
      ...{ store, lineage: store.lineage, secret },
      nextRequestId: () => randomBytes(8).toString('hex'),
      onFailure: (cause) => console.error(cause),
      check: async () => {},
    }),
  )
  const endpoints: URL[] = []
  for (const service of services) {
    const { port } = await service.listen(0, '127.0.0.1')
    endpoints.push(new URL(`http://127.0.0.1:${port}`))
  }
  // Tests ask for thousands of things at once.
  const client = await RemoteMetadataStore.open({
    ...{ endpoints, secret, random: randomBytes, deadlineMs: 60_000 },
  })
  const closeClient = client.close.bind(client)
  client.close = async () => {
    await closeClient()
    for (const service of services) await service.close(0)
    for (const store of [...stores].reverse()) await store.close()
  }
  return client
}
