// A metadata service as a process of its own, on an environment that others have open as well, for tests that kill
// it. Takes the path and a port; prints `port N` when it serves.
import { randomBytes } from 'node:crypto'
import { LmdbMetadataStore } from '../../metadata/lmdb/lmdb-metadata-store.ts'
import { createMetadataService } from '../../metadata/service/metadata-service.ts'
import { secret } from './served-metadata.ts'

const [path = '', port = '0'] = process.argv.slice(2)
const store = await LmdbMetadataStore.open({ path, random: randomBytes, role: 'worker' })
const service = createMetadataService({
  store,
  lineage: store.lineage,
  secret,
  nextRequestId: () => randomBytes(8).toString('hex'),
  onFailure: (cause) => console.error(cause),
  check: async () => void (await store.tenants.list({ limit: 1 })),
})
const address = await service.listen(Number(port), '127.0.0.1')
console.log(`port ${address.port}`)
