// The remote engine keeps the contract of `MetadataStore`, before one service and before two, which stand before
// one LMDB environment.
import { metadataStoreContract } from '../contracts/metadata-store.ts'
import { ServedMetadata } from './served-metadata.ts'

for (const services of [1, 2]) {
  metadataStoreContract(`remote, ${services} at lmdb`, async () => {
    const served = await ServedMetadata.start(services)
    return { store: await served.client(), engines: services, close: () => served.stop() }
  })
}
