// A program for tests: commits objects until a commit fails, for want of room, and prints the keys
// acknowledged until then. An unhandled rejection would end it with an error.

import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { LmdbMetadataStore } from '../../metadata/lmdb/lmdb-metadata-store.ts'
import { MetadataFull } from '../../metadata/metadata-full.ts'
import { defaultNamespace } from '../../metadata/namespaces.ts'
import { newVersion } from '../contracts/metadata-fixture.ts'

const path = process.argv[2]
assert.ok(path !== undefined)
const store = await LmdbMetadataStore.open({ path, random: randomBytes, role: 'worker' })
const bucket = await store.buckets.get(defaultNamespace, 'one')
assert.ok(bucket)

const acknowledged: string[] = []
const failures: unknown[] = []
for (let round = 0; round < 10_000 && failures.length === 0; round += 1) {
  const keys = Array.from({ length: 16 }, (_, i) => `${round}-${i}`)
  const commits = keys.map(async (key) => {
    await store.objects.commit(newVersion(bucket, key, { body: 'x'.repeat(4096) }))
    acknowledged.push(key)
  })
  for (const commit of await Promise.allSettled(commits)) {
    if (commit.status === 'rejected') failures.push(commit.reason)
  }
}
assert.ok(failures.length > 0, 'no commit failed')
for (const failure of failures) assert.ok(failure instanceof MetadataFull)
// What is stored can still be read, and removed, since that needs little room.
const first = acknowledged[0]
assert.ok(first !== undefined && (await store.objects.get(bucket, first)) !== undefined)
console.log(JSON.stringify(acknowledged))
await store.close()
