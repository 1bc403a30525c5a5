// A disk that fails single writes of a commit: it is never left unknown that nothing can be written.
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { cp, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { LmdbMetadataStore } from '../../metadata/lmdb/lmdb-metadata-store.ts'
import { makeBucket } from '../contracts/metadata-fixture.ts'
import { describe } from '../support/describe.ts'
import { traceSystemCalls } from '../support/strace.ts'

const programs = {
  oneWriter: fileURLToPath(new URL('./lmdb-failing-writer.js', import.meta.url)),
  manyWriters: fileURLToPath(new URL('./lmdb-failing-writers.js', import.meta.url)),
} as const
const failed = 'a metadata commit failed: whether it was stored is not known'
const full = 'there is no room for more metadata: nothing was stored'

describe('lmdb: a disk that fails a write', (test) => {
  let root: string
  test.before(async () => {
    root = await mkdtemp(join(tmpdir(), 'holdfast-failing-'))
    const path = join(root, 'template')
    const store = await LmdbMetadataStore.open({ path, random: randomBytes, role: 'primary' })
    await makeBucket(store, 'one')
    await store.close()
  })
  test.after(() => rm(root, { recursive: true }))

  /** What the program notes when calls of the thread that commits fail as `inject` says. */
  async function outcomeOf(
    calls: readonly string[],
    inject: string,
    program: keyof typeof programs = 'oneWriter',
  ): Promise<string[] | undefined> {
    const path = join(root, `${program}-${inject}`)
    await cp(join(root, 'template'), path, { recursive: true })
    const outcomePath = `${path}.json`
    const lines = traceSystemCalls({
      program: [programs[program], path, outcomePath],
      calls,
      inject,
      // One thread commits, so that its calls can be counted.
      env: { UV_THREADPOOL_SIZE: '1' },
      logPath: join(root, 'trace'),
    })
    if (lines === undefined) return undefined
    assert.ok(existsSync(outcomePath), 'the program neither failed nor ended')
    const outcome: unknown = JSON.parse(await readFile(outcomePath, 'utf8'))
    assert.ok(Array.isArray(outcome))
    return outcome.map(String)
  }

  /** One for each write that fails, the n-th of a run. */
  async function outcomes(how: string): Promise<string[][]> {
    const all: string[][] = []
    for (let call = 2; call < 7; call += 1) {
      const outcome = await outcomeOf(['pwrite64'], `pwrite64:${how}:when=${call}`)
      if (outcome === undefined) return []
      all.push(outcome)
    }
    return all
  }

  test('an error of the disk ends the use of the environment', async () => {
    for (const outcome of await outcomes('error=EIO')) {
      assert.deepEqual(outcome, ['unusable', failed, 'not writable'])
    }
  })

  test('commits queued behind one that failed hang neither reads nor files, and later ones are refused', async () => {
    // Some fail at their meta page, others before.
    for (let call = 9; call < 14; call += 1) {
      const inject = `pwrite64:error=EIO:when=${call}`
      const outcome = await outcomeOf(['pwrite64'], inject, 'manyWriters')
      if (outcome === undefined) return
      assert.deepEqual(outcome, ['unusable', '8 refused', 'files are read'], inject)
    }
  })

  test('a write that is cut short on a disk with room is an error of the disk', async () => {
    for (const outcome of await outcomes('retval=100')) {
      assert.deepEqual(outcome, ['unusable', failed, 'not writable'])
    }
  })

  for (const error of ['EIO', 'ENOSPC']) {
    test(`a sync that fails is final, with ${error} too`, async () => {
      const outcome = await outcomeOf(['fdatasync'], `fdatasync:error=${error}:when=1+`)
      if (outcome === undefined) return
      assert.deepEqual(outcome, ['unusable', failed, 'not writable'])
    })
  }

  for (const error of ['ENOSPC', 'EDQUOT', 'EROFS']) {
    test(`${error} is passing, unless it was the meta page that met it`, async () => {
      const all = await outcomes(`error=${error}`)
      const spelled = all.map((outcome) => outcome.join(', '))
      const passing = `${full}, writable`
      const final = `unusable, ${failed}, not writable`
      assert.deepEqual(
        spelled.filter((outcome) => outcome !== passing && outcome !== final),
        [],
      )
      if (all.length > 0) assert.ok(spelled.includes(passing) && spelled.includes(final))
    })
  }
})
