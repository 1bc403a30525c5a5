// An upload that was begun before its parts were counted is completed by a program that counts them.
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { decodeRecord, encodeRecord } from '../../metadata/codec/record-frame.ts'
import { LmdbEnvironment } from '../../metadata/lmdb/lmdb-environment.ts'
import { LmdbMetadataStore } from '../../metadata/lmdb/lmdb-metadata-store.ts'
import { drain, makeBucket } from '../contracts/metadata-fixture.ts'
import { begin, completion, part } from '../contracts/metadata-upload-fixture.ts'
import { describe } from '../support/describe.ts'

const everyUpload = { start: Buffer.of(0), end: Buffer.alloc(64, 0xff) }
/** Those of a row that ended with the checksum asked for. */
const fieldsBefore = 10

async function asBefore(path: string): Promise<void> {
  const environment = await LmdbEnvironment.open({ path })
  await environment.write(({ uploads }) => {
    for (const { key, value } of [...uploads.rows(everyUpload)]) {
      uploads.put(key, encodeRecord(1, decodeRecord('upload', value).slice(0, fieldsBefore)))
    }
  })
  await environment.close()
}

describe('an upload from before parts were counted', (test) => {
  let path: string
  test.before(async () => {
    path = await mkdtemp(join(tmpdir(), 'holdfast-uploads-'))
  })
  test.after(() => rm(path, { recursive: true }))

  const open = () => LmdbMetadataStore.open({ path, random: randomBytes, role: 'primary' })

  test('is completed with its old parts and new ones, and what is not named is released', async () => {
    const before = await open()
    const bucket = await makeBucket(before, 'one')
    const upload = await begin(before, bucket, 'k')
    for (const number of [1, 2]) {
      await before.uploads.commitPart(bucket, upload, part(number, { chunk: `c${number}` }))
    }
    await before.close()
    await asBefore(path)
    const store = await open()
    const stale = await completion(store, { bucket, upload }, [1, 3])
    await store.uploads.commitPart(bucket, upload, part(3, { chunk: 'c3' }))
    assert.deepEqual(await store.uploads.complete(stale), { is: 'partsChanged' })
    const wanted = await completion(store, { bucket, upload }, [1, 3])
    assert.equal((await store.uploads.complete(wanted)).is, 'committed')
    assert.equal((await drain(store)).length, 1)
    assert.equal((await store.uploads.readParts(upload, [1, 3])).length, 2)
    await store.close()
  })
})
