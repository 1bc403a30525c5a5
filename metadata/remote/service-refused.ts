// A service that does not take the calls of this client at all, and why: for the log, and for whoever set it up.

/** The message names the service and what is to be looked at. */
export class ServiceRefused extends Error {
  override readonly name = 'ServiceRefused'
}

const reasons: ReadonlyMap<number, string> = new Map([
  [401, 'does not take the secret or the certificate of this program'],
  [404, 'speaks another version of the calls, or is no metadata service'],
  [501, 'does not know this verb: it is of an older version than this program'],
])

/** Of another service, the call may be taken. */
export function isRefusal(status: number): boolean {
  return reasons.has(status)
}

/** No service would take it. */
export function isOurMistake(status: number): boolean {
  return [400, 405, 411, 413].includes(status)
}

export function serviceRefused(service: string, status: number, said: Buffer): ServiceRefused {
  const why = reasons.get(status) ?? `answered with ${status}`
  // It is somebody else's text.
  const shown = said
    .toString('latin1', 0, 200)
    .replace(/[^ -~]+/g, ' ')
    .trim()
  return new ServiceRefused(`the metadata service ${service} ${why} ("${shown}")`)
}
