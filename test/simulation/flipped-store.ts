// A program of its own, since LMDB may end it: tries one copy after the other of a small store's metadata, in
// each of which one bit is another. Either a check tells, or all answers are those of the sound store, also
// after more was written. Arguments: the sound directory, a seed, milliseconds. Prints a line before each
// trial, and what was found behind it.

import assert from 'node:assert/strict'
import {
  closeSync,
  copyFileSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { requireSoundPages } from '../../metadata/lmdb/check-environment-file.ts'
import { requireWholeLayout } from '../../metadata/lmdb/layout-format.ts'
import { environmentFile, LmdbEnvironment } from '../../metadata/lmdb/lmdb-environment.ts'
import { LmdbMetadataStore } from '../../metadata/lmdb/lmdb-metadata-store.ts'
import { pageBytes } from '../../metadata/lmdb/page-layout.ts'
import { everyRow } from '../../metadata/lmdb/row-keys.ts'
import { tableNames } from '../../metadata/lmdb/tables.ts'
import { verifyReferences } from '../../metadata/lmdb/verify-references.ts'
import { verifyRows } from '../../metadata/lmdb/verify-rows.ts'
import { verifyVersions } from '../../metadata/lmdb/verify-versions.ts'
import { defaultNamespace } from '../../metadata/namespaces.ts'
import { StoreRefused } from '../../protocol/store/store-refused.ts'
import { chunk, chunks, makeBucket, put, tenantId } from '../contracts/metadata-fixture.ts'
import { SeededRandom } from './datanode-random.ts'

const [sound, seed, budgetMs] = process.argv.slice(2)
assert.ok(sound !== undefined)
const random = new SeededRandom(Number(seed))
/** Of a chunk of the fixture. */
const chunkBytes = 4_194_304
const everyKey = { prefix: '', limit: 10_000 }

/** All that the port and the tables say, in one text. */
async function answers(path: string, keys: Keys): Promise<string> {
  const said: unknown[] = []
  const environment = await LmdbEnvironment.open({ path })
  try {
    environment.read((tables) => {
      for (const name of tableNames) {
        said.push(name, [...tables[name].rows(everyRow)].map(hexOf), tables[name].count())
        said.push((keys.get(name) ?? []).map((key) => tables[name].get(key)?.toString('hex')))
        said.push(tables[name].first(everyRow), tables[name].last(everyRow))
      }
    })
  } finally {
    await environment.close()
  }
  const store = await openStore(path)
  try {
    said.push(
      await store.tenants.list({ limit: 1000 }),
      await store.outbox.depthEstimate(),
      await store.lineage.get(),
    )
    const everyName = { ...everyKey, namespace: defaultNamespace }
    const { buckets } = await store.buckets.list(tenantId, everyName)
    said.push(buckets)
    for (const bucket of buckets) {
      said.push(await store.objects.list(bucket, everyKey))
      said.push(await store.objects.list(bucket, { ...everyKey, delimiter: '/' }))
      const versions = await store.objects.listVersions(bucket, everyKey)
      for (const entry of versions.entries) {
        if (entry.is === 'prefix') continue
        said.push(entry, await store.objects.get(bucket, entry.key, entry.versionId))
      }
      said.push(await store.uploads.list(bucket, everyKey))
    }
    said.push(await store.chunks.list({ limit: 10_000 }))
  } finally {
    await store.close()
  }
  return JSON.stringify(said)
}

type Keys = ReadonlyMap<string, readonly Buffer[]>

function hexOf({ key, value }: { readonly key: Buffer; readonly value: Buffer }): string {
  return `${key.toString('hex')} ${value.toString('hex')}`
}

function openStore(path: string): Promise<LmdbMetadataStore> {
  const bytes = new SeededRandom(1)
  return LmdbMetadataStore.open({ path, random: (count) => bytes.bytes(count), role: 'primary' })
}

async function keysOf(path: string): Promise<Keys> {
  const environment = await LmdbEnvironment.open({ path })
  try {
    return environment.read(
      (tables) =>
        new Map(tableNames.map((name) => [name, [...tables[name].rows(everyRow)].map(keyOf)])),
    )
  } finally {
    await environment.close()
  }
}

function keyOf({ key }: { readonly key: Buffer }): Buffer {
  return Buffer.from(key)
}

/** As `holdfast check`, of metadata alone. */
async function told(path: string): Promise<readonly string[]> {
  const problems: string[] = []
  const tell = (what: string) => problems.push(what)
  try {
    await requireSoundPages(environmentFile(path))
    const environment = await LmdbEnvironment.open({ path })
    try {
      requireWholeLayout(environment)
      environment.read((tables) => verifyRows(tables, tell))
      environment.read((tables) => verifyVersions(tables, { keysOf: () => undefined, tell }))
      const chunksAtOnce = 1000
      const readChunk = async () => undefined
      await verifyReferences({ environment, chunksAtOnce, readChunk, storedBlobs, tell })
    } finally {
      await environment.close()
    }
  } catch (cause) {
    if (!(cause instanceof StoreRefused)) throw cause
    tell(cause.message)
  }
  return problems
}

async function* storedBlobs() {
  yield []
}

/** More of everything, so that pages are taken and freed. */
async function writeMore(path: string): Promise<void> {
  const store = await openStore(path)
  try {
    const bucket = await makeBucket(store, 'zz-later', 'enabled')
    for (let number = 0; number < 30; number += 1) {
      const data = chunks(chunk(`later ${number}`, 1))
      await put(
        store,
        bucket,
        `later/${number}`,
        number % 2 === 0 ? { data, size: chunkBytes } : {},
      )
    }
  } finally {
    await store.close()
  }
}

function flip(file: string, at: number, bit: number): void {
  const handle = openSync(file, 'r+')
  const byte = readFileSync(file)[at] ?? 0
  writeSync(handle, Buffer.of(byte ^ (1 << bit)), 0, 1, at)
  closeSync(handle)
}

/** Rather in the heads of pages than elsewhere, and rather in bytes that are not nil. */
function place(bytes: Buffer): number {
  for (;;) {
    const page = random.below(bytes.length / pageBytes)
    const at = page * pageBytes + random.below(random.oneIn(3) ? 200 : pageBytes)
    if (bytes[at] !== 0 || random.oneIn(8)) return at
  }
}

async function trial(path: string, expected: Expected): Promise<'told' | 'same'> {
  if ((await told(path)).length > 0) return 'told'
  assert.equal(await answers(path, expected.keys), expected.answers)
  await writeMore(path)
  assert.deepEqual(await told(path), [])
  assert.equal(await answers(path, expected.laterKeys), expected.laterAnswers)
  return 'same'
}

type Expected = {
  readonly keys: Keys
  readonly answers: string
  readonly laterKeys: Keys
  readonly laterAnswers: string
}

function copy(to: string): void {
  rmSync(to, { recursive: true, force: true })
  mkdirSync(to)
  copyFileSync(environmentFile(sound ?? ''), environmentFile(to))
}

async function expectation(path: string): Promise<Expected> {
  copy(path)
  assert.deepEqual(await told(path), [])
  const keys = await keysOf(path)
  const before = await answers(path, keys)
  await writeMore(path)
  const laterKeys = await keysOf(path)
  return { keys, answers: before, laterKeys, laterAnswers: await answers(path, laterKeys) }
}

const path = join(sound, '..', 'flipped')
const expected = await expectation(path)
const bytes = readFileSync(environmentFile(sound))
const end = Date.now() + Number(budgetMs)
while (Date.now() < end) {
  const at = place(bytes)
  const bit = random.below(8)
  console.log(`page ${Math.floor(at / pageBytes)}, offset ${at % pageBytes}, bit ${bit}`)
  copy(path)
  flip(environmentFile(path), at, bit)
  console.log(await trial(path, expected))
}
