// What carries tasks, as the setting `tasks` says it: a queue within the process, or RabbitMQ. Who opens it is
// `openTaskQueue` in `deploy/`.
import {
  BadBrokerAddress,
  type BrokerAddress,
  isBrokerUrl,
  parseBrokerAddress,
} from './rabbitmq/broker-address.ts'

export type TasksSetting =
  | { readonly is: 'embedded' }
  | { readonly is: 'rabbitmq'; readonly broker: BrokerAddress }

export type ParsedTasksSetting =
  | { readonly is: 'setting'; readonly setting: TasksSetting }
  /** Completes "--tasks: …"; repeats no password. */
  | { readonly is: 'mistake'; readonly mistake: string }

export function parseTasksSetting(raw: string): ParsedTasksSetting {
  if (raw === 'embedded:' || raw === 'embedded') {
    return { is: 'setting', setting: { is: 'embedded' } }
  }
  if (!isBrokerUrl(raw)) {
    return { is: 'mistake', mistake: 'is neither embedded: nor an amqp:// or amqps:// URL' }
  }
  try {
    return { is: 'setting', setting: { is: 'rabbitmq', broker: parseBrokerAddress(raw) } }
  } catch (cause) {
    if (!(cause instanceof BadBrokerAddress)) throw cause
    return { is: 'mistake', mistake: cause.message }
  }
}
