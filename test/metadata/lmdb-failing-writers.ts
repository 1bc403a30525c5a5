// A program for tests: many writers at once, while the disk fails a write of its own choosing. Those whose
// commit failed and those queued behind it may never be answered; all else has to go on, which it notes.

import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { stat } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { LmdbMetadataStore } from '../../metadata/lmdb/lmdb-metadata-store.ts'
import { defaultNamespace } from '../../metadata/namespaces.ts'
import { put } from '../contracts/metadata-fixture.ts'

const [path, outcomePath] = process.argv.slice(2)
assert.ok(path !== undefined && outcomePath !== undefined)
const writers = 16
/** More than there are threads that a hung commit could take. */
const later = 8
const outcome: string[] = []
const note = (what: string) => {
  outcome.push(what)
  writeFileSync(outcomePath, JSON.stringify(outcome))
}
let tellUnusable = () => {}
const unusable = new Promise<void>((resolve) => {
  tellUnusable = resolve
})
const store = await LmdbMetadataStore.open({
  path,
  random: randomBytes,
  role: 'worker',
  onUnusable: () => {
    note('unusable')
    tellUnusable()
  },
})
const bucket = await store.buckets.get(defaultNamespace, 'one')
assert.ok(bucket)
let mayWrite = true
for (let writer = 0; writer < writers; writer += 1) {
  const writeOn = async () => {
    for (let round = 0; mayWrite; round += 1) {
      await sleep(writer % 4)
      await put(store, bucket, `key ${writer} ${round}`).catch(() => sleep(1))
    }
  }
  void writeOn()
}
await unusable
await sleep(100)
mayWrite = false
const refused = await Promise.allSettled(
  Array.from({ length: later }, (_, index) => put(store, bucket, `later ${index}`)),
)
note(`${refused.filter(({ status }) => status === 'rejected').length} refused`)
await Promise.all(Array.from({ length: later }, () => stat(path)))
note('files are read')
process.exit()
