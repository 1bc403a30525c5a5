// The outbox: which tasks wait, and the steps of a release. What a release gives back is in
// `release-steps.ts`.
import assert from 'node:assert'
import type { Outbox, OutboxTask } from '../outbox-store.ts'
import type { LmdbEnvironment, Tables } from './lmdb-environment.ts'
import { parseDeletion, parseRelease, tenantOfRelease } from './outbox-rows.ts'
import { releaseStep } from './release-steps.ts'
import { justAfter, numberKey, numberOfKey } from './row-keys.ts'

const seqMax = Number.MAX_SAFE_INTEGER

export function lmdbOutbox(env: LmdbEnvironment): Outbox {
  return {
    next: async (limit, after = {}) =>
      env.read((tables) => {
        const releases = tasksOf(tables, 'release', { after: after.release, limit })
        const deletions = tasksOf(tables, 'deleteBlob', { after: after.deleteBlob, limit })
        // Neither kind takes the place of the other: one that is stuck must not hide it.
        const half = Math.ceil(limit / 2)
        const share = Math.max(half, limit - deletions.length)
        const taken = releases.slice(0, share)
        const tasks = [...taken, ...deletions.slice(0, limit - taken.length)]
        tasks.sort((a, b) => a.order - b.order)
        return tasks.map(({ order: _, ...task }) => task)
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

    depth: async () =>
      env.read(
        ({ releases, deletions, heldReleases }) =>
          releases.count() + deletions.count() + heldReleases.count(),
      ),
  }
}

type Numbered = OutboxTask & { readonly order: number }

function tasksOf(
  tables: Tables,
  kind: OutboxTask['kind'],
  { after, limit }: { readonly after: string | undefined; readonly limit: number },
): readonly Numbered[] {
  const start = after === undefined ? numberKey(0) : justAfter(keyOfSeq(after))
  const tasks: Numbered[] = []
  if (limit <= 0) return tasks
  const table = kind === 'release' ? tables.releases : tables.deletions
  for (const { key, value } of table.rows({ start, end: numberKey(seqMax) })) {
    const order = numberOfKey(key)
    const place = { order, seq: spellSeq(order) }
    tasks.push(
      kind === 'release'
        ? { kind, ...place, tenantId: tenantOfRelease(value) }
        : { kind, ...place, ...parseDeletion(value) },
    )
    if (tasks.length === limit) break
  }
  return tasks
}

function oneStep(tables: Tables, key: Buffer): 'more' | 'done' {
  const row = tables.releases.get(key)
  if (row === undefined) return 'done'
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
