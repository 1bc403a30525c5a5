// A task as the body of a message: a byte that says the version, and a MessagePack array. What comes back from
// RabbitMQ may have been written by anyone: it is parsed field by field, and what is no task says so.
import assert from 'node:assert'
import { Packr } from 'msgpackr'
import { encodeBlobRef, parseBlobRef } from '../../codec/chunk-ref-codec.ts'
import { bytesAt, count, type Fields, id, RecordCorrupt, text } from '../../codec/record-frame.ts'
import { followUpBytesMax, type Task, type TaskPayloads } from '../../outbox-store.ts'
import { parseTenantId } from '../../record-ids.ts'

const version = 1
/** Of a body: a payload, and what names the task. */
export const messageBytesMax = followUpBytesMax + 4_096
const nameCharactersMax = 256
const kindPattern = /^[a-z][A-Za-z]{0,31}$/
const packr = new Packr({ useRecords: false, variableMapSize: true })

/** Kinds are words, so that they can stand in names of queues and in routing keys. */
export function isTaskKind(raw: unknown): raw is string {
  return typeof raw === 'string' && kindPattern.test(raw)
}

export function encodeTaskMessage(task: Task): Buffer {
  const { id, kind, tenantId, attempts, claim } = task
  const packed = packr.pack([id, kind, tenantId, attempts, claim, ...encodePayload(task)])
  const body = Buffer.concat([Buffer.of(version), packed])
  assert(body.length <= messageBytesMax, `a ${kind} task of ${body.length} bytes`)
  return body
}

export type ParsedTaskMessage =
  | { readonly is: 'task'; readonly task: Task }
  | { readonly is: 'unreadable'; readonly why: string }

export function parseTaskMessage(body: Buffer): ParsedTaskMessage {
  if (body.length === 0) return { is: 'unreadable', why: 'it is empty' }
  if (body.length > messageBytesMax) {
    return { is: 'unreadable', why: `it has ${body.length} bytes, more than any task` }
  }
  if (body[0] !== version) {
    return { is: 'unreadable', why: `its version is ${body[0]}, and this program knows ${version}` }
  }
  try {
    return { is: 'task', task: parseFields(unpack(body.subarray(1))) }
  } catch (cause) {
    // Whatever it is: nothing that a stranger sends may end more than itself.
    return { is: 'unreadable', why: cause instanceof Error ? cause.message : String(cause) }
  }
}

function unpack(bytes: Buffer): Fields {
  // A copy: bytes within a payload would else hold on to the whole of what came with them.
  const unpacked: unknown = packr.unpack(Buffer.from(bytes))
  if (!Array.isArray(unpacked)) throw new RecordCorrupt('it is no array')
  return unpacked
}

function parseFields(fields: Fields): Task {
  const kind = text(fields, 1)
  if (!isTaskKind(kind)) throw new RecordCorrupt('its kind is no word')
  return {
    id: shortText(fields, 0),
    tenantId: id(parseTenantId, fields, 2),
    kind,
    payload: parsePayload(kind, fields),
    attempts: count(fields, 3),
    claim: shortText(fields, 4),
  } as Task
}

function shortText(fields: Fields, index: number): string {
  const value = text(fields, index)
  if (value === '' || value.length > nameCharactersMax) {
    throw new RecordCorrupt(`field ${index}: a name of ${value.length} characters`)
  }
  return value
}

const payloadAt = 5

function encodePayload({ kind, payload }: Task): Fields {
  switch (kind) {
    case 'release':
      return []
    case 'deleteBlob':
      return [encodeBlobRef(parseDeletion(payload).blob)]
    default:
      return [payload]
  }
}

/** What the outbox hands out with tasks of that kind. */
function parseDeletion(payload: unknown): TaskPayloads['deleteBlob'] {
  return payload as TaskPayloads['deleteBlob']
}

function parsePayload(kind: string, fields: Fields): unknown {
  switch (kind) {
    case 'release':
      return undefined
    case 'deleteBlob':
      return { blob: parseBlobRef(bytesAt(fields, payloadAt)) }
    default:
      return fields[payloadAt]
  }
}
