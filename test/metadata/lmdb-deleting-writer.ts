// A program for tests: deletes at once all objects of a bucket, in an environment that has little room left,
// and prints how many are left then. A delete that is refused ends it with an error.

import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { LmdbMetadataStore } from '../../metadata/lmdb/lmdb-metadata-store.ts'
import { MetadataFull } from '../../metadata/metadata-full.ts'
import { defaultNamespace } from '../../metadata/namespaces.ts'
import { newVersion } from '../contracts/metadata-fixture.ts'

const [path, count] = process.argv.slice(2)
assert.ok(path !== undefined)
const store = await LmdbMetadataStore.open({ path, random: randomBytes, role: 'worker' })
const bucket = await store.buckets.get(defaultNamespace, 'one')
assert.ok(bucket)
const keys = Array.from({ length: Number(count) }, (_, i) => `key ${i}`)
await Promise.all(keys.map((key) => store.objects.delete({ bucket, key, nowMs: 1 })))
const { entries } = await store.objects.list(bucket, { prefix: '', limit: 1000 })
console.log(entries.length)

// What adds is refused together, and tried no longer than it takes to know.
const body = 'x'.repeat(4096)
const added = await Promise.allSettled(
  keys.map((key) => store.objects.commit(newVersion(bucket, `new ${key}`, { body }))),
)
const refused = added.flatMap((each) => (each.status === 'rejected' ? [each.reason] : []))
assert.ok(refused.length > 0, 'there was room for more than expected')
for (const reason of refused) assert.ok(reason instanceof MetadataFull)
await store.close()
