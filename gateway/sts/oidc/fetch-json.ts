// Fetches a small JSON document of an issuer: at addresses that are allowed, without redirects, within bounds of time and
// size.
import { type IncomingMessage, request as plainRequest } from 'node:http'
import { request } from 'node:https'
import { GuardedAgent, GuardedPlainAgent } from '../../bundles/external/guarded-agent.ts'
import type { IssuerRules } from './issuer-rules.ts'

export type Fetched =
  | { readonly is: 'document'; readonly document: Readonly<Record<string, unknown>> }
  | { readonly is: 'unreachable' }

const bytesMax = 128 * 1024
const unreachable: Fetched = { is: 'unreachable' }

/** `signal`: there is no more time. */
export async function fetchJson(
  url: URL,
  rules: IssuerRules,
  signal: AbortSignal,
): Promise<Fetched> {
  let response: IncomingMessage | undefined
  try {
    response = await ask(url, rules, signal)
    if (response?.statusCode !== 200) return unreachable
    const document: unknown = JSON.parse((await readBounded(response)).toString('utf8'))
    return isRecord(document) ? { is: 'document', document } : unreachable
  } catch {
    // No such name, an address that is not allowed, a certificate that does not hold, silence, no JSON: which of them it is
    // would tell a stranger about this network.
    return unreachable
  } finally {
    response?.destroy()
  }
}

/** Undefined: such a URL is not asked. */
function ask(
  url: URL,
  { addresses, plainAddresses }: IssuerRules,
  signal: AbortSignal,
): Promise<IncomingMessage> | undefined {
  if (url.username !== '' || url.password !== '') return undefined
  const headers = {
    accept: 'application/json',
    'accept-encoding': 'identity',
    'user-agent': 'Holdfast',
  }
  const options = { signal, headers }
  if (url.protocol === 'https:' && addresses !== undefined) {
    return answerTo(request(url, { ...options, agent: new GuardedAgent(addresses) }))
  }
  if (url.protocol === 'http:' && plainAddresses !== undefined) {
    return answerTo(plainRequest(url, { ...options, agent: new GuardedPlainAgent(plainAddresses) }))
  }
  return undefined
}

function answerTo(outgoing: ReturnType<typeof request>): Promise<IncomingMessage> {
  return new Promise((settle, reject) => {
    outgoing.on('error', reject)
    outgoing.on('response', settle)
    outgoing.end()
  })
}

async function readBounded(response: IncomingMessage): Promise<Buffer> {
  const pieces: Buffer[] = []
  let bytes = 0
  for await (const piece of response as AsyncIterable<Buffer>) {
    bytes += piece.length
    if (bytes > bytesMax) throw new RangeError('the document is too long')
    pieces.push(piece)
  }
  return Buffer.concat(pieces)
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
