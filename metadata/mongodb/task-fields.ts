// Tasks, written into a document of their own or into one that says what is to be done: so that the commit which
// causes them changes documents of one place. How they are handed out: `outbox.ts`.
import assert from 'node:assert'
import { ObjectId } from 'mongodb'
import { encodeRecord } from '../codec/record-frame.ts'
import { type FollowUp, followUpBytesMax, followUpsMax } from '../outbox-store.ts'
import { parseTenantId } from '../record-ids.ts'
import type { TenantId } from '../records.ts'
import type { TaskDocument, TaskFields } from './documents.ts'
import { encodeReleaseTarget, type ReleaseTarget } from './release-target.ts'

const kindPattern = /^[a-z][A-Za-z]{0,31}$/

/** Of tasks that are no tenant's. */
export const ownTasks = requireTenantId('-')

function requireTenantId(raw: string): TenantId {
  const tenantId = parseTenantId(raw)
  assert(tenantId !== undefined)
  return tenantId
}

/** A task that nobody has tried yet. */
export function freshTask(kind: string, tenantId: TenantId, body?: Buffer): TaskFields {
  assert(kindPattern.test(kind), 'a kind of tasks is a word')
  const task = { kind, tenant: tenantId, due: 0, attempts: 0 }
  return body === undefined ? task : { ...task, body }
}

export function releaseTask(tenantId: TenantId, target: ReleaseTarget): TaskFields {
  return freshTask('release', tenantId, encodeReleaseTarget(target))
}

/** Tasks as documents of the collection of tasks. */
export function taskDocuments(tasks: readonly TaskFields[]): TaskDocument[] {
  return tasks.map((t) => ({ _id: new ObjectId(), t }))
}

/** What a commit carries with it. */
export function followUpTasks(
  tenantId: TenantId,
  followUps: readonly FollowUp[] = [],
): readonly TaskFields[] {
  assert(followUps.length <= followUpsMax, 'too many tasks follow one commit')
  return followUps.map(({ kind, payload }) => {
    const body = encodeRecord(1, [payload])
    assert(body.length <= followUpBytesMax, 'a task that carries too much')
    return freshTask(kind, tenantId, body)
  })
}
