// Chunks on a disk keep the contract of `StoreEngine`.
import { diskEngine } from '../../../datanode/disk/disk-engine.ts'
import { storeEngineContract } from '../../contracts/store-engine.ts'
import { diskFixture } from '../disk-store-fixture.ts'

storeEngineContract('disk', async () => {
  const fixture = await diskFixture()
  const reopen = async () => diskEngine(await fixture.open())
  return { engine: await reopen(), reopen, discard: () => fixture.discard() }
})
