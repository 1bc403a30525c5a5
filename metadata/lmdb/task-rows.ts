// Rows of tasks. Their key says kind, tenant, from when on the task is to be handed out, and its number: 0 is
// "from the beginning", the end of its lease when it is claimed, the end of its pause when it failed. So a
// claim moves a row, and what is not to be handed out now is in nobody's way.
import assert from 'node:assert'
import {
  count,
  decodeRecord,
  encodeRecord,
  type Fields,
  optionalText,
} from '../codec/record-frame.ts'
import { type FollowUp, followUpBytesMax, followUpsMax } from '../outbox-store.ts'
import { parseTenantId } from '../record-ids.ts'
import type { TenantId } from '../records.ts'
import type { Tables } from './lmdb-environment.ts'
import { numberKey, numberOfKey } from './row-keys.ts'

export type TaskKey = {
  readonly kind: string
  readonly tenantId: TenantId
  readonly dueMs: number
  readonly seq: number
}
export type TaskRow = {
  readonly attempts: number
  readonly owner: string | undefined
  /** Of the last failure. */
  readonly cause: string | undefined
  /** What the kind adds: `outbox-rows.ts`. */
  readonly fields: Fields
}

const numbersBytes = 16
const kindPattern = /^[a-z][A-Za-z]{0,31}$/
const headFields = 3
const seqKey = Buffer.from('seq')

/** The common beginning of all tasks of a kind. */
export function kindPrefix(kind: string): Buffer {
  assert(kindPattern.test(kind), 'a kind of tasks is a word')
  return Buffer.concat([Buffer.of(kind.length), Buffer.from(kind, 'latin1')])
}

export function taskKey({ kind, tenantId, dueMs, seq }: TaskKey): Buffer {
  assert(kindPattern.test(kind), 'a kind of tasks is a word')
  const tenantBytes = Buffer.byteLength(tenantId)
  assert(tenantBytes < 256, 'a tenant id that is too long')
  const laneBytes = 2 + kind.length + tenantBytes
  const bytes = Buffer.allocUnsafe(laneBytes + numbersBytes)
  bytes[0] = kind.length
  bytes.write(kind, 1, 'latin1')
  bytes[1 + kind.length] = tenantBytes
  bytes.write(tenantId, 2 + kind.length)
  bytes.set(numberKey(dueMs), laneBytes)
  bytes.set(numberKey(seq), laneBytes + 8)
  return bytes
}

/** The same task, due at another time. */
export function movedKey(key: Buffer, dueMs: number): Buffer {
  const moved = Buffer.from(key)
  moved.set(numberKey(dueMs), key.length - numbersBytes)
  return moved
}

/** What a row's key begins with: the lane it is in, which is its kind and its tenant. */
export function laneOf(key: Buffer): Buffer {
  return key.subarray(0, key.length - numbersBytes)
}

export function dueOf(key: Buffer): number {
  return numberOfKey(key.subarray(key.length - numbersBytes))
}

export function parseTaskKey(key: Buffer): TaskKey {
  const kindBytes = key.readUInt8(0)
  const kind = key.toString('latin1', 1, 1 + kindBytes)
  const tenantId = parseTenantId(key.toString('utf8', kindBytes + 2, key.length - numbersBytes))
  assert(tenantId !== undefined, 'a task without its tenant')
  return { kind, tenantId, dueMs: dueOf(key), seq: numberOfKey(key.subarray(key.length - 8)) }
}

export function encodeTaskRow({ attempts, owner, cause, fields }: TaskRow): Buffer {
  return encodeRecord(1, [attempts, owner, cause, ...fields])
}

export function parseTaskRow(bytes: Buffer): TaskRow {
  const fields = decodeRecord('task', bytes)
  return {
    attempts: count(fields, 0),
    owner: optionalText(fields, 1),
    cause: optionalText(fields, 2),
    fields: fields.slice(headFields),
  }
}

/** Reserves so many numbers and answers the first of them. */
export function takeSeqs(tables: Tables, many: number): number {
  const bytes = tables.meta.get(seqKey)
  const first = (bytes === undefined ? 0 : numberOfKey(bytes)) + 1
  tables.meta.put(seqKey, numberKey(first + many - 1))
  return first
}

/** Tasks that nobody has tried yet. */
export function appendTasks(
  tables: Tables,
  { kind, tenantId }: Pick<TaskKey, 'kind' | 'tenantId'>,
  tasks: readonly Fields[],
): void {
  if (tasks.length === 0) return
  let seq = takeSeqs(tables, tasks.length)
  for (const fields of tasks) {
    const fresh = { attempts: 0, owner: undefined, cause: undefined, fields }
    tables.tasks.put(taskKey({ kind, tenantId, dueMs: 0, seq }), encodeTaskRow(fresh))
    seq += 1
  }
}

/** What a commit carries with it. */
export function appendFollowUps(
  tables: Tables,
  tenantId: TenantId,
  followUps: readonly FollowUp[] = [],
): void {
  assert(followUps.length <= followUpsMax, 'too many tasks follow one commit')
  for (const { kind, payload } of followUps) {
    const { length } = encodeRecord(1, [payload])
    assert(length <= followUpBytesMax, 'a task that carries too much')
    appendTasks(tables, { kind, tenantId }, [[payload]])
  }
}
