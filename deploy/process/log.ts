// Where a server tells what goes on: one line of JSON an event, on standard error, written at once, so that
// what a process says last is there.
import pino from 'pino'
import { type Log, type LogLevel, logTo } from '../../gateway/log.ts'

/** Lines below the level are not written. */
export function openLog(level: LogLevel): Log {
  const lines = pino(
    {
      level,
      base: null,
      messageKey: 'event',
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { cause: showCause },
    },
    // What its stream meets, `outliveLog` lives with.
    process.stderr,
  )
  return logTo((at, event, details) => lines[at](details, event))
}

/**
 * A log that takes no more, because it lies on a full disk or its reader has gone, is no reason to end:
 * what it misses is lost. To be called once in each process.
 */
export function outliveLog(): void {
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {})
}

/** Errors have no enumerable fields, and the cause behind them is what explains them. */
function showCause(value: unknown): unknown {
  if (!(value instanceof Error)) return value
  const { name, message, stack, cause } = value
  return { name, message, stack, ...(cause === undefined ? {} : { cause: showCause(cause) }) }
}
