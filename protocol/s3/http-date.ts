// Dates of HTTP headers. https://www.rfc-editor.org/rfc/rfc9110#section-5.6.7

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

const imfFixdate = /^[A-Za-z]{3}, (\d{1,2}) ([A-Z][a-z]{2}) (\d{4}) (\d{2}):(\d{2}):(\d{2}) GMT$/
const rfc850Date = /^[A-Za-z]{6,9}, (\d{2})-([A-Z][a-z]{2})-(\d{2}) (\d{2}):(\d{2}):(\d{2}) GMT$/
const asctimeDate = /^[A-Za-z]{3} ([A-Z][a-z]{2}) {1,2}(\d{1,2}) (\d{2}):(\d{2}):(\d{2}) (\d{4})$/
const isoDate = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:Z|[+-]\d{2}:\d{2})$/

/** `Sat, 21 Nov 2026 08:05:43 GMT`; parts of a second are dropped. */
export function formatHttpDate(ms: number): string {
  return new Date(ms).toUTCString()
}

/**
 * Milliseconds since 1970; absent for anything that is no date. Takes the three forms of RFC 9110,
 * and ISO 8601, which some clients send.
 */
export function parseHttpDate(raw: string): number | undefined {
  const text = raw.trim()
  const imf = imfFixdate.exec(text)
  if (imf) return toMs({ day: imf[1], month: imf[2], year: imf[3], time: imf.slice(4) })
  const rfc850 = rfc850Date.exec(text)
  if (rfc850) {
    const year = String(fullYear(Number(rfc850[3])))
    return toMs({ day: rfc850[1], month: rfc850[2], year, time: rfc850.slice(4) })
  }
  const asctime = asctimeDate.exec(text)
  if (asctime) {
    return toMs({ day: asctime[2], month: asctime[1], year: asctime[6], time: asctime.slice(3, 6) })
  }
  if (!isoDate.test(text)) return undefined
  const ms = Date.parse(text)
  return Number.isNaN(ms) ? undefined : ms
}

// Two digits would need the clock to be read as RFC 9110 says; a fixed window does for objects.
function fullYear(twoDigits: number): number {
  return twoDigits < 70 ? 2000 + twoDigits : 1900 + twoDigits
}

type DateFields = {
  readonly day: string | undefined
  readonly month: string | undefined
  readonly year: string | undefined
  readonly time: readonly string[]
}

function toMs(fields: DateFields): number | undefined {
  const month = months.indexOf(fields.month ?? '')
  const day = Number(fields.day)
  const [hour = 0, minute = 0, second = 0] = fields.time.map(Number)
  if (month === -1 || hour > 23 || minute > 59 || second > 60) return undefined
  const ms = Date.UTC(Number(fields.year), month, day, hour, minute, second)
  return new Date(ms).getUTCDate() === day || second === 60 ? ms : undefined
}
