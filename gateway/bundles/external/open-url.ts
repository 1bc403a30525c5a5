// Asks for a URL, and goes where its answers lead to.
import { type Agent, type IncomingMessage, request as plainRequest } from 'node:http'
import { request } from 'node:https'
import { redirectsMax } from '../bundle-limits.ts'
import { describeSource, type OpenedSource, type UrlSource } from './external-source.ts'
import { failedAnswer, failedConnection, SourceFailure } from './source-failure.ts'

export type Asking = {
  /** By which all connections with TLS go. */
  readonly agent: Agent
  /** By which those without go. Absent: there are none. */
  readonly plainAgent: Agent | undefined
  readonly signal: AbortSignal
}

/** Throws `SourceFailure`: not allowed, not reached, not answered with 200. */
export async function openUrl(source: UrlSource, asking: Asking): Promise<OpenedSource> {
  const name = describeSource(source)
  let at = source.url
  for (let redirects = 0; redirects <= redirectsMax; redirects += 1) {
    const isAsked = at.protocol === 'https:' || (at.protocol === 'http:' && asking.plainAgent)
    if (!isAsked) throw new SourceFailure(name, 'is not https', 'permanent')
    if (at.username !== '' || at.password !== '') {
      throw new SourceFailure(name, 'has a password in it', 'permanent')
    }
    const response = await ask(at, asking).catch((cause: unknown) => {
      throw failedConnection(name, 'could not be fetched', cause)
    })
    const { statusCode = 0, headers } = response
    if (statusCode === 200) return openedBy(response)
    response.destroy()
    const { location } = headers
    if (![301, 302, 303, 307, 308].includes(statusCode) || location === undefined) {
      throw failedAnswer(name, String(statusCode), statusCode)
    }
    if (!URL.canParse(location, at.href)) {
      throw new SourceFailure(name, 'leads to nowhere', 'permanent')
    }
    at = new URL(location, at)
  }
  throw new SourceFailure(name, `leads on more than ${redirectsMax} times`, 'permanent')
}

async function ask(url: URL, { agent, plainAgent, signal }: Asking): Promise<IncomingMessage> {
  return new Promise((settle, reject) => {
    const headers = { accept: '*/*', 'accept-encoding': 'identity', 'user-agent': 'Holdfast' }
    const outgoing =
      url.protocol === 'https:'
        ? request(url, { agent, signal, headers })
        : plainRequest(url, { agent: plainAgent, signal, headers })
    outgoing.on('error', reject)
    outgoing.on('response', settle)
    outgoing.end()
  })
}

function openedBy(response: IncomingMessage): OpenedSource {
  const { 'content-length': length, 'last-modified': modified } = response.headers
  const modifiedMs = modified === undefined ? Number.NaN : Date.parse(modified)
  return {
    body: response,
    bytes: length === undefined ? undefined : Number(length),
    modifiedMs: Number.isNaN(modifiedMs) || modifiedMs < 0 ? undefined : modifiedMs,
  }
}
