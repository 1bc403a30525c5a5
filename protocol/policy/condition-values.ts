// Numbers, dates, truth and binary values as conditions compare them.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
import { lowerAscii } from './ascii-case.ts'

const decimal = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,3})?$/

/** Undefined: it is none. */
export function parseNumber(text: string): number | undefined {
  return decimal.test(text) ? Number(text) : undefined
}

const date =
  /^(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T(\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?(Z|[+-]\d\d:?\d\d))?)?)?$/
const epoch = /^\d{1,12}$/

/**
 * Milliseconds since 1970 of a date of ISO 8601 in one of the forms of https://www.w3.org/TR/NOTE-datetime,
 * or of seconds since 1970. Four digits are a year. Undefined: it is none.
 */
export function parsePolicyDate(text: string): number | undefined {
  const match = date.exec(text)
  if (match === null) return epoch.test(text) ? Number(text) * 1000 : undefined
  const [, year = '', month = '01', day = '01', hour = '00', minute = '00', second = '00'] = match
  const [fraction = '0', zone = 'Z'] = match.slice(7)
  const time = Date.UTC(+year, +month - 1, +day, +hour, +minute, +second)
  const written = new Date(time)
  const isReal =
    written.getUTCMonth() + 1 === +month &&
    written.getUTCDate() === +day &&
    +hour < 24 &&
    +minute < 60 &&
    +second < 60
  const offset = zoneMs(zone)
  if (!isReal || offset === undefined) return undefined
  return time + Math.floor(Number(`0.${fraction}`) * 1000) - offset
}

function zoneMs(zone: string): number | undefined {
  if (zone === 'Z') return 0
  const hours = Number(zone.slice(1, 3))
  const minutes = Number(zone.slice(-2))
  if (hours > 23 || minutes > 59) return undefined
  return (zone.startsWith('-') ? -1 : 1) * (hours * 60 + minutes) * 60_000
}

/** Undefined: it is none. */
export function parseFlag(text: string): boolean | undefined {
  if (text.length > 'false'.length) return undefined
  const lower = lowerAscii(text)
  return lower === 'true' || lower === 'false' ? lower === 'true' : undefined
}

const base64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/

/** The bytes of base64, one unit each. Undefined: it is none. */
export function parseBinary(text: string): string | undefined {
  return base64.test(text) ? Buffer.from(text, 'base64').toString('latin1') : undefined
}
