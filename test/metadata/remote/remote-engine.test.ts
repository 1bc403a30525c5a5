// The contract of an engine's life, for metadata that are kept elsewhere.
import { remoteEngine } from '../../../metadata/remote/remote-engine.ts'
import { storeEngineContract } from '../../contracts/store-engine.ts'
import { ServedMetadata } from '../served-metadata.ts'

storeEngineContract('remote', async () => {
  const served = await ServedMetadata.start()
  return {
    engine: remoteEngine(await served.client()),
    reopen: async () => remoteEngine(await served.client()),
    discard: () => served.stop(),
  }
})
