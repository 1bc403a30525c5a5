// Where a server tells what went wrong: one line of JSON an event, on standard error.
import type { Log } from '../gateway/compose/compose-gateway.ts'

export const logToStderr: Log = (event, details) => {
  const line = { time: new Date().toISOString(), event, ...details }
  process.stderr.write(`${JSON.stringify(line, showErrors)}\n`)
}

/**
 * A log that takes no more, because it lies on a full disk or its reader has gone, is no reason to end:
 * what it misses is lost. To be called once in each process.
 */
export function outliveLog(): void {
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {})
}

/** Errors have no enumerable fields, and the cause behind them is what explains them. */
function showErrors(_name: string, value: unknown): unknown {
  if (!(value instanceof Error)) return value
  const { name, message, stack, cause } = value
  return { name, message, stack, ...(cause === undefined ? {} : { cause }) }
}
