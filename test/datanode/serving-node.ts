// A program for tests: serves the disk store at a path on a port, with segments of so many bytes, tells its port when it
// does, and runs until it is killed.
import { strict as assert } from 'node:assert'
import { randomBytes } from 'node:crypto'
import { DiskBlobStore } from '../../datanode/disk/disk-blob-store.ts'
import { realVfs } from '../../datanode/disk/real-vfs.ts'
import { createDataNode } from '../../datanode/server/data-node.ts'
import { secretOf } from './served-node.ts'

const [path, port, secret, segmentBytes] = process.argv.slice(2)
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
  segmentBytes: Number(segmentBytes),
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
process.send?.((await node.listen(Number(port), '127.0.0.1')).port)
