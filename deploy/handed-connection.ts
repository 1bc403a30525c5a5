// What becomes of a connection on its way from the primary to a worker that dies.
import type { Worker } from 'node:cluster'

/**
 * Ends the connection that the worker was being handed as it died, so that its client can try again.
 *
 * Node's cluster lets go of a connection when the worker answers that it has it, and keeps it open for ever
 * when the worker dies before: the client would wait as long. Connections are handed to a worker one by
 * one, so it can only be the last. Closing one that the worker had does nothing.
 */
export function endHandedConnection(worker: Worker): void {
  let last: Closable | undefined
  worker.process.send = new Proxy(worker.process.send, {
    apply(send, process, parameters) {
      const handle: unknown = parameters[1]
      if (isClosable(handle)) last = handle
      return Reflect.apply(send, process, parameters)
    },
  })
  worker.on('exit', () => last?.close())
}

type Closable = { close(): void }

function isClosable(value: unknown): value is Closable {
  return (
    typeof value === 'object' &&
    value !== null &&
    'close' in value &&
    typeof value.close === 'function'
  )
}
