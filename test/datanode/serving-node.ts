// A program for tests: serves the disk store at a path on a port, says when it does, and runs until it is killed.
import { strict as assert } from 'node:assert'
import { randomBytes } from 'node:crypto'
import { DiskBlobStore } from '../../datanode/disk/disk-blob-store.ts'
import { realVfs } from '../../datanode/disk/real-vfs.ts'
import { createDataNode } from '../../datanode/server/data-node.ts'
import { secretOf } from './served-node.ts'

const [path, port, secret] = process.argv.slice(2)
assert(path !== undefined && secret !== undefined)
// It ends with whoever has started it.
process.once('disconnect', () => process.exit(1))
const store = await DiskBlobStore.open({
  path,
  role: 'primary',
  processId: randomBytes(8).toString('hex'),
  vfs: realVfs,
  nowMs: Date.now,
  randomBytes,
  segmentBytes: 4 * 1024 * 1024,
  reserveBytes: 0,
  isReferenced: async (refs) => refs.map(() => false),
})
const node = createDataNode({
  node: store,
  secret: secretOf(secret),
  nextRequestId: () => randomBytes(8).toString('hex'),
  onFailure: (cause) => console.error(cause),
  check: async () => void (await store.usage()),
})
await node.listen(Number(port), '127.0.0.1')
process.send?.('serving')
