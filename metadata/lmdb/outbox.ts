// The outbox: which tasks wait, and the steps of a release. What a release gives back is in
// `release-steps.ts`.
import assert from 'node:assert'
import type { Outbox, OutboxTask } from '../metadata-store.ts'
import { leaseHorizon } from './lease-rows.ts'
import type { LmdbEnvironment, Tables } from './lmdb-environment.ts'
import { parseDeletion, parseRelease, tenantOfRelease } from './outbox-rows.ts'
import { releaseStep } from './release-steps.ts'
import { numberKey, numberOfKey } from './row-keys.ts'

const first = numberKey(0)
const seqMax = Number.MAX_SAFE_INTEGER

export function lmdbOutbox(env: LmdbEnvironment): Outbox {
  return {
    next: async (limit) =>
      env.read((tables) => {
        const horizon = leaseHorizon(tables) ?? seqMax - 1
        const tasks: (OutboxTask & { order: number })[] = []
        // At most `limit` of each kind: one that is stuck must not hide the other.
        let taken = 0
        for (const row of tables.releases.rows({ start: first, end: numberKey(horizon + 1) })) {
          if (taken++ === limit) break
          const order = numberOfKey(row.key)
          const tenantId = tenantOfRelease(row.value)
          tasks.push({ kind: 'release', order, seq: spellSeq(order), tenantId })
        }
        taken = 0
        for (const row of tables.deletions.rows({ start: first, end: numberKey(seqMax) })) {
          if (taken++ === limit) break
          const order = numberOfKey(row.key)
          tasks.push({
            kind: 'deleteBlob',
            order,
            seq: spellSeq(order),
            ...parseDeletion(row.value),
          })
        }
        tasks.sort((a, b) => a.order - b.order)
        return tasks.slice(0, limit).map(({ order: _, ...task }) => task)
      }),

    release: async (task) => {
      let thrown: { readonly cause: unknown } | undefined
      try {
        return await env.write((tables) => {
          try {
            return { is: oneStep(tables, keyOfSeq(task.seq)) }
          } catch (cause) {
            thrown = { cause }
            throw cause
          }
        })
      } catch (failure) {
        // A step that throws is undone, and does so again; a commit that fails may yet succeed.
        if (thrown === undefined) throw failure
        return { is: 'broken', cause: thrown.cause }
      }
    },

    setAside: (task) =>
      env.write(({ releases, brokenReleases }) => {
        const key = keyOfSeq(task.seq)
        const row = releases.get(key)
        if (row === undefined) return
        brokenReleases.put(key, row)
        releases.remove(key)
      }),

    setAsideCount: async () => env.read(({ brokenReleases }) => brokenReleases.count()),

    finish: async (tasks) => {
      if (tasks.length === 0) return
      await env.write((tables) => {
        for (const task of tasks) {
          assert(task.kind === 'deleteBlob', 'a release is finished by its last step')
          tables.deletions.remove(keyOfSeq(task.seq))
        }
      })
    },

    depth: async () => env.read(({ releases, deletions }) => releases.count() + deletions.count()),
  }
}

function oneStep(tables: Tables, key: Buffer): 'more' | 'done' {
  const row = tables.releases.get(key)
  if (row === undefined) return 'done'
  const horizon = leaseHorizon(tables)
  // A lease taken since the task was handed out does not hold it; one taken before it does.
  if (horizon !== undefined && numberOfKey(key) > horizon) return 'done'
  const { tenantId, target } = parseRelease(row)
  if (releaseStep(tables, tenantId, target) === 'more') return 'more'
  tables.releases.remove(key)
  return 'done'
}

/** 16 hex digits, so that seqs sort as text. */
function spellSeq(order: number): string {
  return order.toString(16).padStart(16, '0')
}

function keyOfSeq(seq: string): Buffer {
  const order = Number.parseInt(seq, 16)
  assert(Number.isSafeInteger(order), `a task named ${seq}`)
  return numberKey(order)
}
