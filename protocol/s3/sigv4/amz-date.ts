// Timestamps of Signature Version 4: `YYYYMMDDTHHMMSSZ`, to the second, in UTC.

/** Milliseconds since 1970, or undefined when `raw` is no such timestamp or no real date. */
export function parseAmzDate(raw: string): number | undefined {
  if (raw.length !== 16 || raw[8] !== 'T' || raw[15] !== 'Z') return undefined
  const date = digits(raw, 0, 8)
  const time = digits(raw, 9, 15)
  if (date < 0 || time < 0) return undefined
  const [year, month, day] = [Math.floor(date / 10_000), Math.floor(date / 100) % 100, date % 100]
  const [hour, minute, second] = [
    Math.floor(time / 10_000),
    Math.floor(time / 100) % 100,
    time % 100,
  ]
  if (month < 1 || month > 12 || day < 1 || hour > 23 || minute > 59 || second > 59)
    return undefined
  const ms = Date.UTC(year, month - 1, day, hour, minute, second)
  // 31 February would roll over to March, and years below 100 to the twentieth century.
  return year >= 1000 && new Date(ms).getUTCDate() === day ? ms : undefined
}

export function formatAmzDate(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19).replaceAll(/[-:]/g, '')}Z`
}

/** `2013-05-24T00:00:00Z`, as the details of errors have it. */
export function formatIsoSeconds(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`
}

const httpDate =
  /^(?:[A-Z][a-z]{2}, )?\d{1,2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} (?:GMT|UTC|\+0000)$/

/** Reads a `Date` header, in the form of RFC 9110 or as an amz date. */
export function parseDateHeader(raw: string): number | undefined {
  if (!httpDate.test(raw)) return parseAmzDate(raw)
  const ms = Date.parse(raw)
  return Number.isNaN(ms) ? undefined : ms
}

function digits(raw: string, from: number, to: number): number {
  let value = 0
  for (let at = from; at < to; at += 1) {
    const digit = raw.charCodeAt(at) - 0x30
    if (digit < 0 || digit > 9) return -1
    value = value * 10 + digit
  }
  return value
}
