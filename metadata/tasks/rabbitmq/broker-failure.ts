// What goes wrong with RabbitMQ, in sentences for whoever keeps it.

/** RabbitMQ is away, or does not do what it is asked. The message is a sentence without secrets. */
export class BrokerFailure extends Error {
  override readonly name: string = 'BrokerFailure'
}

/** The connection is not there, or was lost: who keeps the connection tells of it. */
export class BrokerAway extends BrokerFailure {}

/** Codes of AMQP, with which a channel or a connection is closed. */
export const amqpCodes = { accessRefused: 403, notFound: 404, preconditionFailed: 406 } as const

export function amqpCodeOf(cause: unknown): number | undefined {
  return cause instanceof Error && 'code' in cause && typeof cause.code === 'number'
    ? cause.code
    : undefined
}

/** As a failure, with what it means where RabbitMQ's own words would not say it. */
export function brokerFailure(cause: unknown, doing: string): BrokerFailure {
  if (cause instanceof BrokerFailure) return cause
  const said = saidBy(cause)
  const broker = `RabbitMQ, while ${doing}:`
  switch (amqpCodeOf(cause)) {
    case amqpCodes.preconditionFailed:
      return new BrokerFailure(
        `${broker} what is there under this name has other properties than this program declares (${said}). Delete it there, which loses nothing, since tasks come again from the outbox; or choose another prefix.`,
        { cause },
      )
    case amqpCodes.accessRefused:
      return new BrokerFailure(
        `${broker} the user has not the permission (${said}); it needs configure, write and read for names that begin with the prefix.`,
        { cause },
      )
    default:
      return new BrokerFailure(`${broker} ${said}.`, { cause })
  }
}

/** In RabbitMQ's words, or the system's. */
export function saidBy(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause)
  if (cause instanceof AggregateError && cause.message === '') {
    return cause.errors.map(saidBy).join(', ')
  }
  return cause.message.replace(/^(Operation failed|Channel closed by server): /, '')
}
