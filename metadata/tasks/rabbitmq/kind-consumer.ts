// Consumes one kind until it is told to stop: over one channel after the other, since each ends with its connection,
// and when its queue is deleted. The queue is declared each time.
import type { Channel, ConsumeMessage } from 'amqplib'
import { ToldFailures } from '../../../protocol/told-failures.ts'
import { backoff, pause } from '../pause.ts'
import type { Consuming, TaskHandler } from '../task-queue.ts'
import type { BrokerConnection } from './broker-connection.ts'
import { BrokerFailure, brokerFailure } from './broker-failure.ts'
import { linkSignals } from './linked-signal.ts'
import type { QueueTopology } from './queue-topology.ts'
import { TaskDeliveries } from './task-deliveries.ts'

export type KindConsumerDeps<Kind extends string> = {
  readonly connection: BrokerConnection
  readonly topology: QueueTopology
  readonly kind: Kind
  readonly handler: TaskHandler<Kind>
  readonly putOff: (messages: readonly ConsumeMessage[], failures: number) => Promise<void>
  readonly onFailure: (cause: unknown) => void
}

const closeMs = 2_000

/** Resolves when the signal has come and no call runs any more. */
export async function consumeKind<Kind extends string>(
  deps: KindConsumerDeps<Kind>,
  { prefetch, signal }: Consuming,
): Promise<void> {
  const { connection, kind, onFailure } = deps
  const { reconnectMs, stableMs } = connection.times
  const told = new ToldFailures(onFailure)
  for (let failures = 0; !signal.aborted; ) {
    const beganMs = performance.now()
    try {
      await consumeOnce(deps, { prefetch, signal })
    } catch (cause) {
      if (signal.aborted) return
      if (performance.now() - beganMs >= stableMs) {
        failures = 0
        told.ended()
      }
      failures += 1
      told.failed(brokerFailure(cause, `consuming ${kind}`))
      await pause(backoff(failures, reconnectMs), signal)
    }
  }
}

/** Resolves after the signal; throws when the channel has ended otherwise. No call runs any more then. */
async function consumeOnce<Kind extends string>(
  { connection, topology, kind, ...deps }: KindConsumerDeps<Kind>,
  { prefetch, signal }: Consuming,
): Promise<void> {
  const model = await connection.model(signal)
  const channel = await model.createChannel()
  const ending = new AbortController()
  const ended = endOf(channel)
  const over = linkSignals(signal, ending.signal)
  const deliveries = new TaskDeliveries({
    ...{ ...deps, channel, kind, signal: over.signal },
    putOffsMax: topology.limits.pausesMs.length,
    declareDead: () => topology.declareDead(channel),
  })
  try {
    const begun = async () => {
      await topology.declareKind(channel, kind)
      await channel.prefetch(prefetch)
      return consumeUntilDeleted(channel, topology.queueOf(kind), deliveries)
    }
    await Promise.race([begun(), ended, untilAborted(over.signal)])
  } finally {
    ending.abort()
    over.release()
    await deliveries.idle()
    await closeChannel(channel)
  }
}

/** Never resolves. RabbitMQ says so when the queue is gone, and the channel stays open. */
async function consumeUntilDeleted<Kind extends string>(
  channel: Channel,
  queue: string,
  deliveries: TaskDeliveries<Kind>,
): Promise<never> {
  let tellDeleted: (cause: unknown) => void = () => {}
  const deleted = new Promise<never>((_, reject) => {
    tellDeleted = reject
  })
  await channel.consume(queue, (message) => {
    if (message !== null) deliveries.deliver(message)
    else tellDeleted(new BrokerFailure(`The queue ${queue} was deleted, and is made anew.`))
  })
  return deleted
}

/** Rejects with what the channel has ended for. */
function endOf(channel: Channel): Promise<never> {
  const ended = new Promise<never>((_, reject) => {
    channel.on('error', reject)
    channel.on('close', () => reject(new BrokerFailure('The connection to RabbitMQ was lost.')))
  })
  ended.catch(() => undefined)
  return ended
}

async function untilAborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return
  await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
}

/** What was not acknowledged goes to others then. Not waited for when RabbitMQ does not answer. */
async function closeChannel(channel: Channel): Promise<void> {
  const closed = new AbortController()
  const closing = async () => channel.close()
  await Promise.race([closing().catch(() => undefined), pause(closeMs, closed.signal)])
  closed.abort()
}
