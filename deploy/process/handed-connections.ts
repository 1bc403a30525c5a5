// What becomes of a connection on its way from the primary to a worker that dies.
import type { Worker } from 'node:cluster'

type Closable = { close(): void }

/** What Node's cluster says to a worker with a connection, and what the worker answers to it. */
type Handing = { readonly act: 'newconn'; readonly seq: number }
type Answer = { readonly ack?: number }

/**
 * Ends the connections that the worker was being handed as it died, so that their clients can try again.
 *
 * Node's cluster keeps a connection until the worker answers, whether it takes it or not, and keeps it
 * open for ever when the worker dies before: the client would wait as long.
 */
export function endHandedConnections(worker: Worker): void {
  const unanswered = new Map<number | undefined, Closable>()
  worker.process.send = new Proxy(worker.process.send, {
    apply(send, process, parameters) {
      const [message, handle] = parameters
      if (isHanding(message) && isClosable(handle)) unanswered.set(message.seq, handle)
      return Reflect.apply(send, process, parameters)
    },
  })
  worker.process.on('internalMessage', ({ ack }: Answer) => unanswered.delete(ack))
  worker.on('exit', () => {
    for (const handle of unanswered.values()) handle.close()
  })
}

function isHanding(value: unknown): value is Handing {
  return typeof value === 'object' && value !== null && 'act' in value && value.act === 'newconn'
}

function isClosable(value: unknown): value is Closable {
  return (
    typeof value === 'object' &&
    value !== null &&
    'close' in value &&
    typeof value.close === 'function'
  )
}
