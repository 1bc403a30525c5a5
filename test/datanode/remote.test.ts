// The remote engine keeps the contracts of the ports, before a server on the disk engine.
import { blobNodeContract } from '../contracts/blob-node.ts'
import { blobReadManyContract } from '../contracts/blob-read-many.ts'
import { blobStoreContract } from '../contracts/blob-store.ts'
import { blobUnavailableContract } from '../contracts/blob-unavailable.ts'
import { ServedNode } from './served-node.ts'

const open = async () => {
  const served = await ServedNode.start()
  const client = await served.client()
  return {
    store: client,
    node: client,
    reopen: async () => {
      await served.down()
      await served.up()
      return served.client()
    },
    discard: () => served.stop(),
  }
}

blobStoreContract('remote', open)
blobReadManyContract('remote', open)
blobNodeContract('remote', open)
blobUnavailableContract('remote', async () => {
  const served = await ServedNode.start()
  return {
    store: await served.client({ deadlineMs: 3000 }),
    cut: () => served.down(),
    heal: () => served.up(),
    discard: () => served.stop(),
  }
})
