// A program for tests: commits objects one after the other, while the disk fails a write of its own
// choosing, and notes in a file what came of it. It must come to an end.

import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { LmdbMetadataStore } from '../../metadata/lmdb/lmdb-metadata-store.ts'
import { defaultNamespace } from '../../metadata/namespaces.ts'
import { put } from '../contracts/metadata-fixture.ts'

const [path, outcomePath] = process.argv.slice(2)
assert.ok(path !== undefined && outcomePath !== undefined)
const outcome: string[] = []
const note = (what: string) => {
  outcome.push(what)
  writeFileSync(outcomePath, JSON.stringify(outcome))
}
const store = await LmdbMetadataStore.open({
  path,
  random: randomBytes,
  role: 'worker',
  onUnusable: () => note('unusable'),
})
const bucket = await store.buckets.get(defaultNamespace, 'one')
assert.ok(bucket)
for (let round = 0; round < 8 && !outcome.includes('unusable'); round += 1) {
  await store.checkWritable()
  try {
    await put(store, bucket, `key ${round}`)
  } catch (error) {
    note(error instanceof Error ? error.message : String(error))
  }
}
await store.checkWritable().then(
  () => note('writable'),
  () => note('not writable'),
)
process.exit()
