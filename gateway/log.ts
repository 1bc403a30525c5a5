// What a server tells its operator: events, one line each, by level. Where the lines go, and from which
// level on, whoever composes the server knows. No secret is in them: no key, signature or header.

export type LogLine = (event: string, details?: Readonly<Record<string, unknown>>) => void

export type Log = {
  /** Something is not done that should be, and it is not the client's doing. */
  readonly error: LogLine
  /** Something is not as it should be, and is coped with. */
  readonly warn: LogLine
  readonly info: LogLine
  /** What happens all the time, such as requests. */
  readonly debug: LogLine
}

export const logLevels = ['error', 'warn', 'info', 'debug'] as const
export type LogLevel = (typeof logLevels)[number]

/** A log that hands its lines on to one function. */
export function logTo(
  write: (level: LogLevel, event: string, details: Readonly<Record<string, unknown>>) => void,
): Log {
  const line =
    (level: LogLevel): LogLine =>
    (event, details = {}) =>
      write(level, event, details)
  return { error: line('error'), warn: line('warn'), info: line('info'), debug: line('debug') }
}
