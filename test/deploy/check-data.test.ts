// `holdfast check` on data that are sound, and on data that were hurt.
import assert from 'node:assert'
import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { DiskBlobStore } from '../../datanode/disk/disk-blob-store.ts'
import { realVfs } from '../../datanode/disk/real-vfs.ts'
import { LmdbEnvironment } from '../../metadata/lmdb/lmdb-environment.ts'
import { LmdbMetadataStore } from '../../metadata/lmdb/lmdb-metadata-store.ts'
import { chunks, makeBucket, put } from '../contracts/metadata-fixture.ts'
import { type TestChunk, testChunk } from '../datanode/sealed-chunk-fixture.ts'
import { SeededRandom } from '../simulation/datanode-random.ts'
import { describe } from '../support/describe.ts'
import { makeTemporaryDirectory } from '../support/started-server.ts'

const program = fileURLToPath(new URL('../../deploy/holdfast.js', import.meta.url))
const seed = Date.now() % 2 ** 31
console.log(`check of data: seed ${seed}`)

function check(data: string) {
  const argv = [program, 'check', '--data', data]
  return spawnSync(process.execPath, argv, { encoding: 'utf8', env: {} })
}

/** Two objects that share a chunk, one with a chunk of its own, and an orphan. */
async function makeData(data: string): Promise<{ shared: TestChunk; own: TestChunk }> {
  await mkdir(data)
  const random = new SeededRandom(seed)
  const blobs = await openBlobs(data)
  const [shared, own, orphan] = [20_000, 70_000, 500].map((length) => testChunk(random, length))
  assert.ok(shared !== undefined && own !== undefined && orphan !== undefined)
  for (const chunk of [shared, own, orphan]) await blobs.write(chunk)
  await blobs.close()
  const path = join(data, 'metadata')
  const metadata = await LmdbMetadataStore.open({ path, random: randomBytes, role: 'primary' })
  const bucket = await makeBucket(metadata, 'one')
  const claim = ({ ref, length }: TestChunk) =>
    ({ ...ref, length, crc32: 0, origin: 'written' }) as const
  await put(metadata, bucket, 'both', { data: chunks(claim(shared), claim(own)) })
  await put(metadata, bucket, 'one', { data: chunks(claim(shared)) })
  await metadata.close()
  return { shared, own }
}

function openBlobs(data: string): Promise<DiskBlobStore> {
  return DiskBlobStore.open({
    isReferenced: async (refs) => refs.map(() => false),
    path: join(data, 'chunks'),
    role: 'primary',
    processId: 'one',
    vfs: realVfs,
    nowMs: Date.now,
    randomBytes,
    reserveBytes: 0,
  })
}

/** Not even its segment knows it afterwards. */
async function lose(data: string, { ref }: TestChunk): Promise<void> {
  const blobs = await openBlobs(data)
  await blobs.delete([ref])
  while ((await blobs.reclaim(2 ** 30)).is === 'worked') await blobs.maintain()
  await blobs.close()
}

const nameOf = ({ ref }: TestChunk) => `${ref.id.toString('hex')} ${ref.generation}`

describe('a check of a data directory', (test) => {
  const directory = makeTemporaryDirectory()
  test.after(() => directory.remove())

  test('tells that sound data are sound, and counts orphans, which are no harm', async () => {
    const data = join(directory.path, 'sound')
    await makeData(data)
    const { status, stdout } = check(data)
    // These chunks were sealed by nobody: there is no key to open them with, which it says.
    assert.deepEqual(stdout.trim().split('\n'), [
      `Nothing could be decrypted: The master key file ${join(data, 'master.key')} is missing.`,
      '1 buckets, 2 objects, 0 older versions and delete markers, 2 chunks, 1 orphans.',
      '1 problems.',
    ])
    assert.equal(status, 1)
  })

  test('names what is corrupt, lost, or counted wrongly, and fails', async () => {
    const data = join(directory.path, 'hurt')
    const { shared, own } = await makeData(data)
    await lose(data, shared)
    const segments = join(data, 'chunks', 'segments')
    for (const name of await readdir(segments)) {
      const bytes = await readFile(join(segments, name))
      const found = bytes.indexOf(own.frames.subarray(0, 64))
      if (found < 0) continue
      const at = found + 5
      bytes[at] = (bytes[at] ?? 0) ^ 1
      await writeFile(join(segments, name), bytes)
    }
    const environment = await LmdbEnvironment.open({ path: join(data, 'metadata') })
    await environment.write((tables) => {
      const row = tables.chunks.get(shared.ref.id)
      assert.ok(row !== undefined)
      row.writeUIntBE(7, 6, 6)
      tables.chunks.put(shared.ref.id, row)
    })
    await environment.close()
    const { status, stdout } = check(data)
    assert.equal(status, 1)
    assert.deepEqual(
      stdout.trim().split('\n').sort(),
      [
        `${nameOf(own)} is corrupt`,
        `${nameOf(shared)} is absent`,
        `${nameOf(shared)}: 7 counted, 2 held`,
        '2 chunks, 3 problems, 1 orphans.',
      ].sort(),
    )
  })

  test('makes nothing where no data are', () => {
    const data = join(directory.path, 'nothing')
    const { status, stderr } = check(data)
    assert.equal(status, 1)
    assert.match(stderr, /There is no data of a server/)
  })
})
