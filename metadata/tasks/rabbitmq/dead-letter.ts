// A message that nobody will be handed any more, as far as it can be told what it was. It may have been written by
// anyone: what it says is shown and trusted with nothing.
import type { Message } from 'amqplib'
import type { QueueTopology } from './queue-topology.ts'
import { isTaskKind, parseTaskMessage } from './task-message.ts'

export type DeadLetter = {
  /** Of the queue that it died in; undefined when nothing says so. */
  readonly kind: string | undefined
  readonly task: { readonly id: string; readonly tenantId: string } | undefined
  /** For people. */
  readonly reason: string
  /** How often. */
  readonly died: number
  readonly diedMs: number | undefined
}

/** RabbitMQ's words for why, and ours. */
const reasons: ReadonlyMap<string, string> = new Map([
  ['rejected', 'failed too often'],
  ['delivery_limit', 'ended who had it too often'],
  ['expired', 'too old'],
  ['maxlen', 'the queue was full'],
])

export function parseDeadLetter(message: Message, topology: QueueTopology): DeadLetter {
  const parsed = parseTaskMessage(message.content)
  const death = lastDeath(message)
  const named = topology.kindIn(message.fields.routingKey)
  const kind = named ?? (parsed.is === 'task' ? parsed.task.kind : undefined)
  const reason =
    parsed.is === 'task'
      ? (reasons.get(death.reason) ?? 'unknown')
      : `not readable by this program: ${parsed.why}`
  return {
    kind: isTaskKind(kind) ? kind : undefined,
    task: parsed.is === 'task' ? { id: parsed.task.id, tenantId: parsed.task.tenantId } : undefined,
    reason,
    died: death.count,
    diedMs: death.atMs,
  }
}

/** What RabbitMQ notes in a header, the latest first. */
function lastDeath({ properties }: Message): {
  readonly reason: string
  readonly count: number
  readonly atMs: number | undefined
} {
  const deaths: unknown = properties.headers?.['x-death']
  const last: unknown = Array.isArray(deaths) ? deaths[0] : undefined
  const field = (name: string): unknown =>
    typeof last === 'object' && last !== null ? Reflect.get(last, name) : undefined
  const count = field('count')
  const time = field('time')
  const seconds: unknown =
    typeof time === 'object' && time !== null ? Reflect.get(time, 'value') : undefined
  return {
    reason: String(field('reason') ?? ''),
    count: typeof count === 'number' && count > 0 ? count : 1,
    atMs: typeof seconds === 'number' ? seconds * 1_000 : undefined,
  }
}
