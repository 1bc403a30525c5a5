// A write that LMDB itself fails, as it fails pages that it cannot split: rows that are put past the bounds
// that keep such pages away bring it about.
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { environmentFile, LmdbEnvironment } from '../../metadata/lmdb/lmdb-environment.ts'
import { verifyPages } from '../../metadata/lmdb/verify-pages.ts'
import { describe } from '../support/describe.ts'
import { seededBytes } from '../support/seeded-bytes.ts'

const value = Buffer.alloc(73, 1)
const bucket = Buffer.alloc(8, 5)
const everything = { start: Buffer.of(0), end: Buffer.of(0xff) }

function put(environment: LmdbEnvironment, name: string): Promise<void> {
  const key = Buffer.concat([bucket, Buffer.from(name)])
  return environment.write(({ objects }) => objects.putStored(key, value))
}

describe('a write that LMDB fails', (test) => {
  const random = seededBytes()
  let path: string
  test.before(async () => {
    path = await mkdtemp(join(tmpdir(), 'holdfast-failed-'))
  })
  test.after(() => rm(path, { recursive: true }))

  /** Writes until one has failed: answers what was acknowledged, and what was not. */
  async function writeInto(directory: string): Promise<{ stored: string[]; failed: string[] }> {
    const unusable: unknown[] = []
    const environment = await LmdbEnvironment.open({
      path: directory,
      onUnusable: (cause) => unusable.push(cause),
    })
    const stored: string[] = []
    const failed: string[] = []
    const putAll = async (names: readonly string[]) => {
      const answers = await Promise.allSettled(names.map((name) => put(environment, name)))
      for (const [index, { status }] of answers.entries()) {
        ;(status === 'fulfilled' ? stored : failed).push(names[index] ?? '')
      }
    }
    const short = (_: unknown, at: number) => String.fromCharCode(48 + at / 46, 48 + (at % 46))
    await putAll(Array.from({ length: 1550 + random.integer(80) }, short))
    for (let step = 0; step < 300 && failed.length === 0; step += 1) {
      const length = random.integer(10) < 4 ? 492 : 500
      const long = `x${random.integer(2 ** 40)}`.padEnd(length, 'y')
      await putAll(step % 10 === 0 ? [`z${step}`, long, `zz${step}`] : [long])
    }
    // The process goes on.
    await putAll(['zzz'])
    await environment.close()
    assert.deepEqual(unusable, [])
    return { stored, failed }
  }

  test('is refused alone: what shared its commit is stored, nothing of it is, and more can be written', async () => {
    let failures = 0
    for (let round = 0; failures === 0; round += 1) {
      assert.ok(round < 40, 'no page was met that cannot be split')
      const directory = join(path, `${round}`)
      const { stored, failed } = await writeInto(directory)
      failures += failed.length
      assert.ok(failed.length <= 1)
      assert.equal(verifyPages(environmentFile(directory)), undefined)
      const environment = await LmdbEnvironment.open({ path: directory })
      const rows = environment.tables.objects.storedRows(everything)
      const names = Array.from(rows, ({ key }) => key.toString('utf8', bucket.length))
      assert.deepEqual(names.sort(), stored.sort())
      await environment.close()
    }
  })
})
