// The disk engine under the contract that all blob stores share.
import { blobStoreContract } from '../../contracts/blob-store.ts'
import { diskFixture } from '../disk-store-fixture.ts'

blobStoreContract('disk', async () => {
  const fixture = await diskFixture()
  let store = await fixture.open()
  return {
    store,
    async reopen() {
      await store.close()
      store = await fixture.open()
      return store
    },
    discard: () => fixture.discard(),
  }
})
