// The disk engine under the contracts that all blob stores and nodes share: on the real disk, and on the one
// of the simulations.
import { blobNodeContract } from '../../contracts/blob-node.ts'
import { blobReadManyContract } from '../../contracts/blob-read-many.ts'
import { blobStoreContract } from '../../contracts/blob-store.ts'
import { diskFixture, simulatedDisk } from '../disk-store-fixture.ts'

for (const [engine, makeFixture] of [
  ['disk', diskFixture],
  ['disk, simulated', simulatedDisk],
] as const) {
  const open = async () => {
    const fixture = await makeFixture()
    let store = await fixture.open()
    const reopen = async () => {
      await store.close()
      store = await fixture.open()
      return store
    }
    return { store, node: store, reopen, discard: () => fixture.discard() }
  }
  blobStoreContract(engine, open)
  blobReadManyContract(engine, open)
  blobNodeContract(engine, open)
}
