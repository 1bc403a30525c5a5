// Parses single values of settings, as people write them: addresses, sizes, durations, names. Which
// settings there are is in `settings.ts`.
import type { ObjectOwnership } from '../../protocol/s3/acl/object-ownership.ts'

/** A value that cannot be used; the message completes "--listen: …". */
export class BadValue extends Error {
  override readonly name = 'BadValue'
}

export type HostPort = { readonly host: string; readonly port: number }

/** `127.0.0.1:9000`, `[::1]:9000`, `localhost:9000`, `:9000` for every address. Port 0: any free one. */
export function parseHostPort(raw: string): HostPort {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^\s:[\]/]*)):(\d{1,5})$/.exec(raw)
  const port = Number(match?.[3])
  if (match === null || port > 65_535) {
    throw new BadValue(`"${raw}" is not HOST:PORT, such as 127.0.0.1:9000 or [::1]:9000`)
  }
  return { host: match[1] ?? (match[2] || '::'), port }
}

/** What goes into a URL: IPv6 addresses in brackets. */
export function showHostPort({ host, port }: HostPort): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}

const byteUnits: Readonly<Record<string, number>> = {
  '': 1,
  B: 1,
  KiB: 1024,
  MiB: 1024 ** 2,
  GiB: 1024 ** 3,
}

/** `64MiB`, `1GiB`, `4096`. Bytes. */
export function parseBytes(raw: string): number {
  const match = /^(\d{1,12})\s*([A-Za-z]*)$/.exec(raw)
  const unit = byteUnits[match?.[2] ?? '-']
  if (match === null || unit === undefined) {
    throw new BadValue(`"${raw}" is not a size, such as 4096, 64KiB, 128MiB or 1GiB`)
  }
  return Number(match[1]) * unit
}

const durationUnits: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
}

/** `500ms`, `30s`, `15m`, `2h`, `7d`. Milliseconds. */
export function parseDurationMs(raw: string): number {
  const match = /^(\d{1,9})\s*(ms|s|m|h|d)$/.exec(raw)
  const unit = durationUnits[match?.[2] ?? '-']
  if (match === null || unit === undefined) {
    throw new BadValue(`"${raw}" is not a duration, such as 500ms, 30s, 15m, 2h or 7d`)
  }
  return Number(match[1]) * unit
}

/** A parser of one of these words. */
export function oneOf<W extends string>(words: readonly W[]): (raw: string) => W {
  return (raw) => {
    const found = words.find((word) => word === raw)
    if (found === undefined) throw new BadValue(`"${raw}" is not one of ${words.join(', ')}`)
    return found
  }
}

const switchWords: ReadonlyMap<string, boolean> = new Map([
  ['on', true],
  ['true', true],
  ['yes', true],
  ['1', true],
  ['off', false],
  ['false', false],
  ['no', false],
  ['0', false],
])

export function parseSwitch(raw: string): boolean {
  const value = switchWords.get(raw.toLowerCase())
  if (value === undefined) throw new BadValue(`"${raw}" is neither on nor off`)
  return value
}

const ownershipWords: ReadonlyMap<string, ObjectOwnership> = new Map([
  ['enforced', 'BucketOwnerEnforced'],
  ['preferred', 'BucketOwnerPreferred'],
  ['writer', 'ObjectWriter'],
])

export function parseOwnership(raw: string): ObjectOwnership {
  const value = ownershipWords.get(raw.toLowerCase())
  if (value === undefined) throw new BadValue(`"${raw}" is none of enforced, preferred and writer`)
  return value
}

/** A parser of whole numbers within bounds, both included. */
export function wholeNumber(min: number, max: number): (raw: string) => number {
  return (raw) => {
    const value = Number(raw)
    if (!/^\d{1,15}$/.test(raw) || value < min || value > max) {
      throw new BadValue(`"${raw}" is not a whole number from ${min} to ${max}`)
    }
    return value
  }
}

/** The parsed value, refused when it lies outside of the bounds, both included. */
export function bounded(
  parse: (raw: string) => number,
  min: string,
  max: string,
): (raw: string) => number {
  return (raw) => {
    const value = parse(raw)
    if (value < parse(min) || value > parse(max)) {
      throw new BadValue(`"${raw}" is not between ${min} and ${max}`)
    }
    return value
  }
}

const domainName =
  /^(?=.{1,253}$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$/

/** Host names separated by commas, in lower case, each once. */
export function parseDomains(raw: string): readonly string[] {
  const names = raw
    .split(',')
    .map((name) => name.trim().toLowerCase().replace(/\.$/, ''))
    .filter((name) => name !== '')
  for (const name of names) {
    if (!domainName.test(name)) {
      throw new BadValue(`"${name}" is not a domain name; write it without scheme, port or path`)
    }
    if (/^\d+(\.\d+){3}$/.test(name))
      throw new BadValue(`"${name}" is an address, not a domain name`)
  }
  return [...new Set(names)]
}

/** As browsers send them: no path, not even a slash. One `*` may stand for any text. */
const originSyntax = /^(?:\*[^\s/]*|(?:\*|[a-z][a-z0-9+.-]*):\/\/[^\s/]+)$/

/** Origins separated by commas, in lower case, each once. */
export function parseOrigins(raw: string): readonly string[] {
  const origins = raw
    .split(',')
    .map((origin) => origin.trim().toLowerCase())
    .filter((origin) => origin !== '')
  for (const origin of origins) {
    if (!originSyntax.test(origin)) {
      throw new BadValue(`"${origin}" is not an origin, such as https://app.example.org or *`)
    }
    if (origin.indexOf('*') !== origin.lastIndexOf('*')) {
      throw new BadValue(`"${origin}" has more than one *`)
    }
  }
  return [...new Set(origins)]
}

export function parseRegion(raw: string): string {
  if (!/^[a-z0-9](-?[a-z0-9]+)*$/.test(raw) || raw.length > 63) {
    throw new BadValue(`"${raw}" is not a region name, such as us-east-1 or berlin`)
  }
  return raw
}

export function parsePath(raw: string): string {
  if (raw === '' || raw.includes('\0')) throw new BadValue('an empty path')
  return raw
}

export function parseAccessKeyId(raw: string): string {
  if (!/^[A-Za-z0-9_.-]{3,128}$/.test(raw)) {
    throw new BadValue('an access key has 3 to 128 letters, digits, "_", "-" or "."')
  }
  return raw
}

/** The message never repeats the value. */
export function parseSecretKey(raw: string): string {
  if (!/^[\x21-\x7e]{8,128}$/.test(raw)) {
    throw new BadValue('a secret key has 8 to 128 printable ASCII characters without spaces')
  }
  return raw
}
