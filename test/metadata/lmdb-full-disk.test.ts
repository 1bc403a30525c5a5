// A disk without room: commits fail as rejections with their reason, and nothing acknowledged is lost.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { LmdbMetadataStore } from '../../metadata/lmdb/lmdb-metadata-store.ts'
import { look, makeBucket, put } from '../contracts/metadata-fixture.ts'
import { describe } from '../support/describe.ts'

const program = fileURLToPath(new URL('./lmdb-filling-writer.js', import.meta.url))
/** A file may grow to 4,000 blocks of 512 or 1,024 bytes; beyond, a write fails as on a full disk. */
const limited = 'trap "" XFSZ; ulimit -f 4000; exec "$0" "$1" "$2"'

const deleting = fileURLToPath(new URL('./lmdb-deleting-writer.js', import.meta.url))
const roomBytes = 1024 * 1024
const limitedTo = (bytes: number) =>
  `trap "" XFSZ; exec prlimit --fsize=${bytes} -- "$0" "$1" "$2" "$3"`

describe('lmdb: a full disk', (test) => {
  test('commits that find no room are refused, and what was acknowledged stays', async () => {
    const path = await mkdtemp(join(tmpdir(), 'holdfast-full-'))
    const open = () => LmdbMetadataStore.open({ path, random: randomBytes, role: 'primary' })
    try {
      const before = await open()
      const bucket = await makeBucket(before, 'one')
      await before.close()
      const run = spawnSync('sh', ['-c', limited, process.execPath, program, path])
      assert.equal(run.status, 0, `${run.stderr}`)
      const acknowledged: unknown = JSON.parse(`${run.stdout}`)
      assert.ok(Array.isArray(acknowledged) && acknowledged.length > 100)
      const store = await open()
      for (const key of acknowledged) assert.ok(await look(store, bucket, String(key)), `${key}`)
      await put(store, bucket, 'room again')
      await store.close()
    } finally {
      await rm(path, { recursive: true })
    }
  })

  test('a thousand deletes at once are done with room for a few', async () => {
    const path = await mkdtemp(join(tmpdir(), 'holdfast-full-'))
    try {
      const before = await LmdbMetadataStore.open({ path, random: randomBytes, role: 'primary' })
      const bucket = await makeBucket(before, 'one')
      const body = 'x'.repeat(3500)
      const keys = Array.from({ length: 1000 }, (_, i) => `key ${i}`)
      await Promise.all(keys.map((key) => put(before, bucket, key, { body })))
      await before.close()
      const { size } = await stat(join(path, 'data.mdb'))
      const argv = [process.execPath, deleting, path, String(keys.length)]
      const run = spawnSync('sh', ['-c', limitedTo(size + roomBytes), ...argv])
      assert.equal(run.status, 0, `${run.stderr}`)
      assert.equal(`${run.stdout}`.trim(), '0')
    } finally {
      await rm(path, { recursive: true })
    }
  })
})
