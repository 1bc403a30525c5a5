// Owners: a row each, from their beginning until what they have left is cleared away.
import { count, decodeRecord, encodeRecord } from '../codec/record-frame.ts'
import type { OwnerStore } from '../owner-store.ts'
import type { LmdbEnvironment, Tables } from './lmdb-environment.ts'
import { everyRow, justAfter } from './row-keys.ts'

/** Until when he lives, unless he beats; 0: he has ended. Milliseconds of this machine's clock. */
type OwnerRow = { readonly untilMs: number }

const living = { is: 'living' } as const
const ended = { is: 'ended' } as const

export function lmdbOwners(env: LmdbEnvironment, nowMs: () => number): OwnerStore {
  const prolong = (tables: Tables, owner: string, lifeMs: number) => {
    putOwner(tables, owner, { untilMs: Math.max(1, nowMs() + lifeMs) })
    return living
  }
  const endAll = async (is: (row: OwnerRow) => boolean): Promise<number> => {
    const find = (tables: Tables) =>
      ownersOf(tables, everyRow.start)
        .filter(({ row }) => row.untilMs !== 0 && is(row))
        .map(({ owner }) => owner)
    // Looked at before writing, since this is asked every few seconds and mostly finds nothing.
    if (env.read(find).length === 0) return 0
    return env.write((tables) => {
      const over = find(tables)
      for (const owner of over) endOwner(tables, owner)
      return over.length
    })
  }
  return {
    begin: (owner, lifeMs) =>
      env.write((tables) => {
        const row = tables.owners.get(keyOf(owner))
        if (row !== undefined && parseOwnerRow(row).untilMs === 0) return ended
        return prolong(tables, owner, lifeMs)
      }),

    beat: (owner, lifeMs) =>
      env.write((tables) => (isLiving(tables, owner) ? prolong(tables, owner, lifeMs) : ended)),

    end: (owner) =>
      env.write((tables) => {
        if (isLiving(tables, owner)) endOwner(tables, owner)
      }),

    endOverdue: () => endAll(({ untilMs }) => untilMs < nowMs()),
    endFormerLives: () => endAll(() => true),

    ended: async ({ after, limit }) =>
      env.read((tables) =>
        ownersOf(tables, after === undefined ? everyRow.start : justAfter(keyOf(after)))
          .filter(({ row }) => row.untilMs === 0)
          .slice(0, limit)
          .map(({ owner }) => owner),
      ),

    forget: (owner) =>
      env.write((tables) => {
        if (!isLiving(tables, owner)) tables.owners.remove(keyOf(owner))
      }),
  }
}

/** Whether something may be filed under him: true until the transaction that ends him. */
export function isLiving(tables: Tables, owner: string): boolean {
  const row = tables.owners.get(keyOf(owner))
  return row !== undefined && parseOwnerRow(row).untilMs !== 0
}

export function endOwner(tables: Tables, owner: string): void {
  putOwner(tables, owner, { untilMs: 0 })
}

export function parseOwnerRow(bytes: Buffer): OwnerRow {
  return { untilMs: count(decodeRecord('owner', bytes), 0) }
}

function putOwner(tables: Tables, owner: string, { untilMs }: OwnerRow): void {
  tables.owners.put(keyOf(owner), encodeRecord(1, [untilMs]))
}

/** They are few: one for each process, and those that have ended in the last seconds. */
function ownersOf(tables: Tables, start: Buffer) {
  return [...tables.owners.rows({ start, end: everyRow.end })].map(({ key, value }) => ({
    owner: key.toString(),
    row: parseOwnerRow(value),
  }))
}

function keyOf(owner: string): Buffer {
  return Buffer.from(owner)
}
