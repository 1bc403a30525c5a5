// Timestamps of Signature Version 4: `YYYYMMDDTHHMMSSZ`, to the second, in UTC.

/** Milliseconds since 1970, or undefined when `raw` is no such timestamp or no real date. */
export function parseAmzDate(raw: string): number | undefined {
  if (raw.length !== 16 || raw[8] !== 'T' || raw[15] !== 'Z') return undefined
  const date = digits(raw, 0, 8)
  const time = digits(raw, 9, 15)
  if (date < 0 || time < 0) return undefined
  const year = Math.floor(date / 10_000)
  const month = Math.floor(date / 100) % 100
  const day = date % 100
  const hour = Math.floor(time / 10_000)
  const minute = Math.floor(time / 100) % 100
  const second = time % 100
  // Years below 100 would be taken for the twentieth century, 31 February for March.
  if (year < 1000 || month < 1 || month > 12 || day < 1 || day > daysOf(year, month))
    return undefined
  if (hour > 23 || minute > 59 || second > 59) return undefined
  return Date.UTC(year, month - 1, day, hour, minute, second)
}

function daysOf(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31
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
