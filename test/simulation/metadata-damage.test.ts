// A bit of the metadata that is another, at any of their places: a check tells, or nothing is other than
// before. Never is a check content, and an answer wrong, or missing, or the process ended by LMDB.
// As part of the tests with a short run. A seed by HOLDFAST_TEST_SEED:
//   npm test -- metadata-damage --budget-ms=600000
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { LmdbMetadataStore } from '../../metadata/lmdb/lmdb-metadata-store.ts'
import {
  chunk,
  chunks,
  makeBucket,
  type PutOptions,
  put,
  remove,
} from '../contracts/metadata-fixture.ts'
import { describe } from '../support/describe.ts'
import { seededBytes } from '../support/seeded-bytes.ts'

const { values } = parseArgs({ options: { 'budget-ms': { type: 'string' } }, strict: false })
const budgetMs = Number(values['budget-ms'] ?? 6_000)
/** Of a chunk of the fixture. */
const chunkBytes = 4_194_304
const program = fileURLToPath(new URL('./flipped-store.js', import.meta.url))

/** Rows of many tables, in trees of several pages, some of them beside the tree; and pages that are free. */
async function fill(path: string, bytes: (count: number) => Buffer): Promise<void> {
  const store = await LmdbMetadataStore.open({ path, random: bytes, role: 'primary' })
  const plain = await makeBucket(store, 'plain')
  const versioned = await makeBucket(store, 'versioned', 'enabled')
  for (let number = 0; number < 120; number += 1) {
    const key = `folder-${number % 7}/${'k'.repeat(number)}${number}`
    const size = number % 20 === 0 ? 9_000 : 3 * number
    const claimed = [chunk(`chunk ${number % 30}`, 1), chunk(`other ${number}`, 1)]
    const options: PutOptions =
      number % 3 === 0
        ? { data: chunks(...claimed), size: 2 * chunkBytes }
        : { data: { is: 'inline', sealed: bytes(size) }, size }
    await put(store, plain, key, options)
    await put(store, versioned, `v${number % 11}`, options)
    if (number % 10 === 0) await remove(store, versioned, `v${number % 11}`)
    if (number % 5 === 4) await remove(store, plain, key)
  }
  for (let number = 0; number < 10; number += 1) {
    await store.uploads.create(plain, {
      key: `upload ${number}`,
      initiatedMs: 1_700_000_000_000,
      headers: {},
      userMetadata: {},
      tags: [],
      storageClass: 'STANDARD',
    })
  }
  await store.close()
}

describe('metadata in which one bit is another', (test) => {
  const random = seededBytes()

  test('are told of by a check, or answer as before', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'holdfast-flips-'))
    try {
      const sound = join(directory, 'sound')
      await fill(sound, random.bytes)
      const argv = [program, sound, random.seed, String(budgetMs)]
      const { status, signal, stdout, stderr } = spawnSync(process.execPath, argv, {
        encoding: 'utf8',
        maxBuffer: 2 ** 30,
      })
      const lines = stdout.trim().split('\n')
      assert.equal(signal ?? status, 0, `${lines.at(-1)}\n${stderr}`)
      const [told, same] = ['told', 'same'].map(
        (end) => lines.filter((line) => line === end).length,
      )
      console.log(`${told} flips were told of, ${same} made no difference`)
      assert.ok(told !== undefined && told > 0)
    } finally {
      await rm(directory, { recursive: true })
    }
  })
})
