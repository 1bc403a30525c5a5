// Fetches an https URL for a bundle. A name is resolved once, every address it has is looked at, and the
// connection goes to one of those very addresses; each redirect is treated as a URL of its own.
import { lookup } from 'node:dns/promises'
import type { IncomingMessage } from 'node:http'
import { request } from 'node:https'
import { isIP, type LookupFunction } from 'node:net'
import { S3Error } from '../../../protocol/s3/s3-error.ts'
import { redirectsMax, silenceMs } from './external-limits.ts'
import { isPublicAddress } from './public-address.ts'

export type FetchRules = {
  /** Addresses of this machine and its networks may be reached, too. */
  readonly allowPrivate: boolean
  readonly signal: AbortSignal
}

export type ExternalBody = {
  /** Ends early with an error, never short. */
  readonly stream: AsyncIterable<Buffer>
  readonly bytes: number | undefined
  /** What the source says of its last change. */
  readonly modifiedMs: number | undefined
}

/** Throws `InvalidRequest` that names the URL: not allowed, not reached, not answered with 200. */
export async function fetchExternal(url: URL, rules: FetchRules): Promise<ExternalBody> {
  let at = url
  for (let redirects = 0; redirects <= redirectsMax; redirects += 1) {
    const response = await open(at, rules).catch((cause: unknown) => {
      if (cause instanceof S3Error) throw cause
      throw refused(url, 'could not be fetched', cause)
    })
    const { statusCode = 0, headers } = response
    if (statusCode === 200) return bodyOf(url, response)
    response.destroy()
    if (![301, 302, 303, 307, 308].includes(statusCode) || headers.location === undefined) {
      throw refused(url, `answered ${statusCode}`)
    }
    if (!URL.canParse(headers.location, at.href)) throw refused(url, 'leads to nowhere')
    at = new URL(headers.location, at)
  }
  throw refused(url, `leads on more than ${redirectsMax} times`)
}

/** Also for what happens while the body flows. */
export function refused(url: URL, what: string, cause?: unknown): S3Error {
  // Its query may hold a signature.
  const message = `${url.origin}${url.pathname} ${what}.`
  return new S3Error('InvalidRequest', {}, { message, cause })
}

async function open(url: URL, rules: FetchRules): Promise<IncomingMessage> {
  if (url.protocol !== 'https:') throw refused(url, 'is not https')
  if (url.username !== '' || url.password !== '') throw refused(url, 'has a password in it')
  const address = await resolve(url, rules)
  const toAddress: LookupFunction = (_name, options, done) => {
    if (options.all === true) done(null, [address])
    else done(null, address.address, address.family)
  }
  return new Promise((settle, reject) => {
    const outgoing = request(url, {
      lookup: toAddress,
      signal: rules.signal,
      timeout: silenceMs,
      // No connection is shared, whose address nobody has looked at.
      agent: false,
      headers: { accept: '*/*', 'accept-encoding': 'identity', 'user-agent': 'Holdfast' },
    })
    outgoing.on('timeout', () => outgoing.destroy(new Error('the source says nothing')))
    outgoing.on('error', reject)
    outgoing.on('response', settle)
    outgoing.end()
  })
}

async function resolve(
  url: URL,
  rules: FetchRules,
): Promise<{ readonly address: string; readonly family: number }> {
  const host = url.hostname.replace(/^\[|\]$/g, '')
  const family = isIP(host)
  const found = family === 0 ? await lookup(host, { all: true }) : [{ address: host, family }]
  const [first] = found
  if (first === undefined) throw refused(url, 'has no address')
  if (!rules.allowPrivate && !found.every(({ address }) => isPublicAddress(address))) {
    throw refused(url, 'is at an address that is not public')
  }
  return first
}

function bodyOf(url: URL, response: IncomingMessage): ExternalBody {
  const { 'content-length': length, 'last-modified': modified } = response.headers
  const bytes = length === undefined ? undefined : Number(length)
  const modifiedMs = modified === undefined ? Number.NaN : Date.parse(modified)
  return {
    stream: streamOf(url, response),
    bytes,
    modifiedMs: Number.isNaN(modifiedMs) || modifiedMs < 0 ? undefined : modifiedMs,
  }
}

async function* streamOf(url: URL, response: IncomingMessage): AsyncGenerator<Buffer, void, void> {
  let broken: unknown
  try {
    for await (const piece of response) yield Buffer.from(piece)
  } catch (cause) {
    broken = cause
    if (!response.errored) throw cause
  } finally {
    response.destroy()
  }
  if (broken !== undefined || !response.complete) throw refused(url, 'broke off', broken)
}
