// A program for tests: opens the store at the path given and commits objects, telling each commit as
// soon as it is acknowledged: as a line on standard output, or as a message when it was forked.

import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { writeSync } from 'node:fs'
import { LmdbMetadataStore } from '../../metadata/lmdb/lmdb-metadata-store.ts'
import { defaultNamespace } from '../../metadata/namespaces.ts'
import { newVersion } from '../contracts/metadata-fixture.ts'

const [path, count, writers] = process.argv.slice(2)
assert.ok(path !== undefined)
const store = await LmdbMetadataStore.open({ path, random: randomBytes, role: 'worker' })
const bucket = await store.buckets.get(defaultNamespace, 'one')
assert.ok(bucket)

let told: Promise<unknown> = Promise.resolve()
const acknowledge = (key: string): void => {
  if (process.send) told = new Promise((resolve) => process.send?.(key, resolve))
  else writeSync(1, `acknowledged ${key}\n`)
}

let next = 0
const write = async (): Promise<void> => {
  for (let i = next++; i < Number(count); i = next++) {
    const key = `${process.pid}-${i}`
    const answer = await store.objects.commit(newVersion(bucket, key))
    assert.equal(answer.is, 'committed')
    acknowledge(key)
  }
}
await Promise.all(Array.from({ length: Number(writers) }, write))
await store.close()
await told
if (process.connected) process.disconnect()
