// From layout 6 to 7: keys of rows that were too short get filler, so that LMDB can split every page of
// theirs (`row-bounds.ts`). Current objects and null versions go to tables of their own, in which no short
// key ever was; the old tables are emptied at once, since even a removal could meet a page that cannot be
// split. Killed in the middle, it goes on behind the last row that was moved, unless somebody has written
// meanwhile: then it begins anew.

import assert from 'node:assert'
import { parseBucketId } from '../record-ids.ts'
import { everythingPlace } from './lease-scopes.ts'
import type { LmdbEnvironment, Tables } from './lmdb-environment.ts'
import {
  bucketIdBytes,
  everyRow,
  justAfter,
  numberKey,
  numberOfKey,
  objectBound,
  rawKeyAt,
} from './row-keys.ts'

const movedAtOnce = 2_000
const moves = [
  { from: 'listing', to: 'objects' },
  { from: 'nulls', to: 'nullVersions' },
] as const
type Move = (typeof moves)[number]

/** No key begins so. */
const firstKey = Buffer.of(0)
const numberBytes = 8
/** The commit before the last one that moved rows. */
const movingKey = Buffer.from('moving')

type Environment = Pick<LmdbEnvironment, 'write' | 'read' | 'lastCommit'>

/** `finish` is done with the last step. */
export async function migrateRowKeys(
  env: Environment,
  finish: (tables: Tables) => void,
): Promise<void> {
  if (!goesOn(env)) {
    await env.write((tables) => {
      for (const { to } of moves) tables[to].clear()
    })
  }
  for (const move of moves) {
    while (await env.write((tables) => moveRows(tables, move, env.lastCommit()))) {
      // Another page.
    }
  }
  while (await env.write(fillScopes)) {
    // Another page.
  }
  await env.write((tables) => {
    for (const { from } of moves) tables[from].clear()
    tables.meta.remove(movingKey)
    finish(tables)
  })
}

/** Nobody has written since rows were moved last: an older program may have been started between. */
function goesOn(env: Environment): boolean {
  const noted = env.read(({ meta }) => meta.get(movingKey))
  return noted !== undefined && numberOfKey(noted) + 1 === env.lastCommit()
}

/** False: there are no more. */
function moveRows(tables: Tables, { from, to }: Move, lastCommit: number): boolean {
  const reach = tables[to].last({ start: firstKey, end: everyRow.end })?.key
  let moved = 0
  const start = reach === undefined ? firstKey : justAfter(oldKeyOf(reach))
  for (const { key, value } of tables[from].rows({ start, end: everyRow.end })) {
    tables[to].put(newKeyOf(key), value)
    moved += 1
    if (moved === movedAtOnce) break
  }
  if (moved > 0) tables.meta.put(movingKey, numberKey(lastCommit))
  return moved === movedAtOnce
}

function newKeyOf(key: Buffer): Buffer {
  const bucketId = parseBucketId(key.toString('hex', 0, bucketIdBytes))
  assert(bucketId !== undefined)
  return objectBound(bucketId, key.subarray(bucketIdBytes))
}

function oldKeyOf(key: Buffer): Buffer {
  return Buffer.concat([key.subarray(0, bucketIdBytes), key.subarray(rawKeyAt)])
}

/** Scopes of everything: their kind was the only byte before the numbers. False: there are no more. */
function fillScopes({ leaseScopes, leaseScopesOf }: Tables): boolean {
  const kind = everythingPlace.subarray(0, 1)
  const old: Buffer[] = []
  for (const { key } of leaseScopes.rows({ start: kind, end: Buffer.of(1) })) {
    if (key.length === kind.length + 2 * numberBytes) old.push(key)
    if (old.length === movedAtOnce) break
  }
  for (const key of old) {
    const numbers = key.subarray(kind.length)
    const filled = Buffer.concat([everythingPlace, numbers])
    const life = numbers.subarray(numberBytes)
    leaseScopes.remove(key)
    leaseScopesOf.remove(Buffer.concat([life, key]))
    leaseScopes.put(filled, Buffer.alloc(0))
    leaseScopesOf.put(Buffer.concat([life, filled]), Buffer.alloc(0))
  }
  return old.length === movedAtOnce
}
