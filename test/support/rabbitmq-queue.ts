// Task queues in RabbitMQ for tests: names of their own, and times in which faults show soon. And a look at RabbitMQ
// from the side, with a plain client.
import { type Channel, connect } from 'amqplib'
import type { Task } from '../../metadata/outbox-store.ts'
import { parseBrokerAddress } from '../../metadata/tasks/rabbitmq/broker-address.ts'
import {
  type RabbitmqQueueOptions,
  rabbitmqTaskQueue,
} from '../../metadata/tasks/rabbitmq/rabbitmq-task-queue.ts'
import type { TaskQueue } from '../../metadata/tasks/task-queue.ts'
import { tenantId } from '../contracts/metadata-fixture.ts'

export const quickTimes = {
  connectMs: 2_000,
  heartbeatMs: 1_000,
  reconnectMs: { minMs: 20, maxMs: 300 },
  stableMs: 500,
  patienceMs: 1_500,
  watchMs: 300,
}
export const quickLimits = { pausesMs: [50, 100, 200] }

let prefixes = 0

/** Names that nobody has had before. */
export function freshPrefix(): string {
  prefixes += 1
  return `t${process.pid}-${Date.now().toString(36)}-${prefixes}`
}

export type QueueOfTest = { readonly queue: TaskQueue; readonly failures: string[] }

export function openQuickQueue(
  { url, prefix }: { readonly url: string; readonly prefix: string },
  options: Partial<RabbitmqQueueOptions> = {},
): QueueOfTest {
  const failures: string[] = []
  const queue = rabbitmqTaskQueue({
    address: parseBrokerAddress(`${url}?prefix=${prefix}`),
    name: 'test',
    limits: quickLimits,
    times: quickTimes,
    onFailure: (cause) => failures.push(cause instanceof Error ? cause.message : String(cause)),
    ...options,
  })
  return { queue, failures }
}

export function notes(count: number, first = 0): readonly Task<'note'>[] {
  return Array.from({ length: count }, (_, at) => ({
    ...{ id: `n${first + at}`, tenantId, kind: 'note' as const, payload: first + at },
    ...{ attempts: 1, claim: 'c' },
  }))
}

/** With a channel of a plain client. */
export async function onChannel<T>(
  url: string,
  body: (channel: Channel) => Promise<T>,
): Promise<T> {
  const model = await connect(url)
  model.on('error', () => undefined)
  try {
    const channel = await model.createChannel()
    channel.on('error', () => undefined)
    return await body(channel)
  } finally {
    await model.close().catch(() => undefined)
  }
}
