// Consumes one kind until it is told to stop: over one channel after the other, since each ends with its connection,
// and when its queue is deleted. The queue is declared each time. RabbitMQ tells consumers of a queue that is deleted;
// since one that came at that very moment may be told nothing, a consumer that gets nothing looks for itself. A queue
// that RabbitMQ lists and that answers to nobody is deleted after a while: it lost its beginning when RabbitMQ was
// killed within seconds of making it, and would stay so for ever.
import type { Channel, ConsumeMessage } from 'amqplib'
import { backoff, pause } from '../pause.ts'
import type { Consuming, TaskHandler } from '../task-queue.ts'
import type { BrokerConnection } from './broker-connection.ts'
import { BrokerAway, BrokerFailure, brokerFailure } from './broker-failure.ts'
import { linkSignals } from './linked-signal.ts'
import type { QueueTopology } from './queue-topology.ts'
import { TaskDeliveries } from './task-deliveries.ts'
import type { ToldOutage } from './told-outage.ts'

export type KindConsumerDeps<Kind extends string> = {
  readonly connection: BrokerConnection
  readonly topology: QueueTopology
  readonly kind: Kind
  readonly handler: TaskHandler<Kind>
  readonly putOff: (messages: readonly ConsumeMessage[], failures: number) => Promise<void>
  /** Of RabbitMQ. */
  readonly failures: ToldOutage
  /** Told of handlers that fail, and messages that are no tasks. */
  readonly onFailure: (cause: unknown) => void
}

const closeMs = 2_000
/** In a row, each for as long as we are patient. */
const silencesMax = 3
const deleteMs = 30_000

/** RabbitMQ answers, and for this queue it does not. */
class QueueSilent extends BrokerFailure {}

/** Resolves when the signal has come and no call runs any more. */
export async function consumeKind<Kind extends string>(
  deps: KindConsumerDeps<Kind>,
  { prefetch, signal }: Consuming,
): Promise<void> {
  const { connection, kind, failures: told } = deps
  const { reconnectMs, stableMs } = connection.times
  let silences = 0
  for (let failures = 0; !signal.aborted; ) {
    let sinceMs: number | undefined
    const onAsking = () => {
      // Of an answer that does not come, RabbitMQ may also close the connection.
      silences += 1
    }
    const onConsuming = () => {
      sinceMs = performance.now()
      silences = 0
    }
    try {
      if (silences >= silencesMax) {
        silences = 0
        await deleteQueue(deps, signal)
      }
      await consumeOnce({ ...deps, onAsking, onConsuming }, { prefetch, signal })
    } catch (cause) {
      if (signal.aborted) return
      // It has answered, with a refusal.
      if (!(cause instanceof QueueSilent || cause instanceof BrokerAway)) silences = 0
      if (sinceMs !== undefined && performance.now() - sinceMs >= stableMs) {
        failures = 0
        if (!(cause instanceof BrokerAway)) told.ended()
      }
      failures += 1
      if (!(cause instanceof BrokerAway)) told.failed(brokerFailure(cause, `consuming ${kind}`))
      await pause(backoff(failures, reconnectMs), signal)
    }
  }
}

/** Resolves after the signal; throws when the channel has ended otherwise. No call runs any more then. */
async function consumeOnce<Kind extends string>(
  {
    connection,
    topology,
    kind,
    onAsking,
    onConsuming,
    ...deps
  }: KindConsumerDeps<Kind> & Record<'onAsking' | 'onConsuming', () => void>,
  { prefetch, signal }: Consuming,
): Promise<void> {
  const channel = await openChannel(connection, signal)
  const ending = new AbortController()
  const ended = endOf(channel)
  const over = linkSignals(signal, ending.signal)
  const deliveries = new TaskDeliveries({
    ...{ ...deps, channel, kind, signal: over.signal },
    putOffsMax: topology.limits.pausesMs.length,
    declareDead: () => topology.declareDead(channel),
  })
  try {
    const queue = topology.queueOf(kind)
    const { patienceMs, watchMs } = connection.times
    const answered = async <T>(asked: Promise<T>): Promise<T> => {
      const inTime = asked.then((value) => ({ value }))
      const answer = await Promise.race([inTime, pause(patienceMs, over.signal)])
      if (answer === undefined) throw new QueueSilent(`RabbitMQ does not answer for ${queue}.`)
      return answer.value
    }
    const begin = async () => {
      await topology.declareKind(channel, kind)
      await channel.prefetch(prefetch)
      return consumeUntilDeleted(channel, queue, deliveries)
    }
    const consuming = async () => {
      onAsking()
      const deleted = await answered(begin())
      onConsuming()
      const look = () => answered(channel.checkQueue(queue))
      const lost = untilLost({ look, queue, deliveries, watchMs }, over.signal)
      await Promise.race([deleted.promise, lost])
    }
    await Promise.race([consuming(), ended, untilAborted(over.signal)])
  } finally {
    ending.abort()
    over.release()
    await deliveries.idle()
    await closeChannel(channel)
  }
}

/** A connection on which not even that is answered is given up. */
async function openChannel(connection: BrokerConnection, signal: AbortSignal): Promise<Channel> {
  const model = await connection.model(signal)
  const opening = model.createChannel()
  const channel = await Promise.race([opening, pause(connection.times.patienceMs, signal)])
  if (channel !== undefined) return channel
  opening.catch(() => undefined)
  connection.renew()
  throw new BrokerAway('RabbitMQ does not answer.')
}

/** What was in it comes again from the outbox. */
async function deleteQueue<Kind extends string>(
  { connection, topology, kind, failures }: KindConsumerDeps<Kind>,
  signal: AbortSignal,
): Promise<void> {
  const queue = topology.queueOf(kind)
  failures.failed(new BrokerFailure(`${queue} answers to nobody: it is deleted, and made anew.`))
  const channel = await openChannel(connection, signal)
  channel.on('error', () => {})
  try {
    await Promise.race([channel.deleteQueue(queue), pause(deleteMs, signal)])
  } finally {
    await closeChannel(channel)
  }
}

/** Resolves when it consumes; what is in the answer rejects when RabbitMQ says that the queue is gone. */
async function consumeUntilDeleted<Kind extends string>(
  channel: Channel,
  queue: string,
  deliveries: TaskDeliveries<Kind>,
): Promise<{ readonly promise: Promise<never> }> {
  let tellDeleted: (cause: unknown) => void = () => {}
  const promise = new Promise<never>((_, reject) => {
    tellDeleted = reject
  })
  promise.catch(() => undefined)
  await channel.consume(queue, (message) => {
    if (message !== null) deliveries.deliver(message)
    else tellDeleted(new BrokerFailure(`The queue ${queue} was deleted, and is made anew.`))
  })
  return { promise }
}

type Watched = {
  readonly look: () => Promise<{ readonly consumerCount: number; readonly messageCount: number }>
  readonly queue: string
  readonly deliveries: { readonly count: number; readonly isIdle: boolean }
  readonly watchMs: number
}

/** Throws when the queue does not know this consumer any more. Resolves with the signal. */
async function untilLost(
  { look, queue, deliveries, watchMs }: Watched,
  signal: AbortSignal,
): Promise<void> {
  for (let before = deliveries.count; ; before = deliveries.count) {
    await pause(watchMs, signal)
    if (signal.aborted) return
    if (deliveries.count > before || !deliveries.isIdle) continue
    const { consumerCount, messageCount } = await look()
    const isLeftOut = consumerCount === 0 || messageCount > 0
    // What was on its way has come by now.
    if (isLeftOut && deliveries.count === before && deliveries.isIdle) {
      throw new BrokerFailure(`RabbitMQ brings nothing out of ${queue} any more.`)
    }
  }
}

/** Rejects with what the channel has ended for. */
function endOf(channel: Channel): Promise<never> {
  const ended = new Promise<never>((_, reject) => {
    channel.on('error', reject)
    channel.on('close', () => reject(new BrokerAway('The connection to RabbitMQ was lost.')))
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
