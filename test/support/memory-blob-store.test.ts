// The engines that tests stand on keep the contracts, as those of production do.
import { blobNodeContract } from '../contracts/blob-node.ts'
import { blobReadManyContract } from '../contracts/blob-read-many.ts'
import { blobStoreContract } from '../contracts/blob-store.ts'
import { blobUnavailableContract } from '../contracts/blob-unavailable.ts'
import { MemoryBlobStore } from './memory-blob-store.ts'
import { PartitionedBlobs } from './partitioned-blobs.ts'

const openMemory = async () => {
  const store = new MemoryBlobStore()
  const reopen = async () => store.reopen()
  return { store, node: store, reopen, discard: () => store.close() }
}
blobStoreContract('memory', openMemory)
blobReadManyContract('memory', openMemory)
blobNodeContract('memory', openMemory)

const openPartitioned = async () => {
  const store = new PartitionedBlobs(new MemoryBlobStore())
  return {
    store,
    reopen: async () => store,
    cut: async () => store.cut(),
    heal: async () => store.heal(),
    discard: async () => {},
  }
}
blobStoreContract('behind a network', openPartitioned)
blobUnavailableContract('behind a network', openPartitioned)
