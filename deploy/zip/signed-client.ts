// Signed requests to a server, for the commands that are clients of it.
import { createHash } from 'node:crypto'
import { request as httpRequest, type IncomingMessage } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { type SigningCredentials, signRequest } from '../../protocol/s3/sigv4/sign-request.ts'
import { SigningKeyCache } from '../../protocol/s3/sigv4/signing-keys.ts'
import { Broken } from './network-failure.ts'

/** What the server answered instead of what was asked for; the message is for people. */
export class Refused extends Error {
  override readonly name = 'Refused'
}

export type SignedRequest = {
  readonly method: string
  /** Path and query, percent-encoded. */
  readonly target: string
  readonly headers?: Readonly<Record<string, string>>
  readonly json?: unknown
}

/** A server that says nothing for so long is given up. */
const silenceMs = 120_000

export class SignedClient {
  private readonly endpoint: URL
  private readonly credentials: SigningCredentials
  private readonly signingKeys = new SigningKeyCache({ entriesMax: 10 })

  constructor(endpoint: URL, credentials: SigningCredentials) {
    this.endpoint = endpoint
    this.credentials = credentials
  }

  /** Scheme and address. */
  get origin(): string {
    return this.endpoint.origin
  }

  /** Resolves with the head of the response; its body is to be read or destroyed. */
  send(asked: SignedRequest): Promise<IncomingMessage> {
    const body = asked.json === undefined ? undefined : JSON.stringify(asked.json)
    const { headers } = signRequest(
      {
        method: asked.method,
        target: asked.target,
        headers: { host: this.endpoint.host, ...asked.headers },
        payloadHash: createHash('sha256')
          .update(body ?? '')
          .digest('hex'),
      },
      { credentials: this.credentials, signingKeys: this.signingKeys, nowMs: Date.now() },
    )
    const open = this.endpoint.protocol === 'https:' ? httpsRequest : httpRequest
    return new Promise((resolve, reject) => {
      const outgoing = open(this.endpoint, {
        method: asked.method,
        path: asked.target,
        headers,
        timeout: silenceMs,
      })
      outgoing.on('timeout', () => outgoing.destroy(new Broken('the server says nothing')))
      outgoing.on('error', reject)
      outgoing.on('response', resolve)
      outgoing.end(body)
    })
  }

  /** The JSON of a 2xx. Throws `Refused`, `Broken`, and what the network throws. */
  async json(asked: SignedRequest): Promise<Readonly<Record<string, unknown>>> {
    const response = await this.send(asked)
    const text = await textOf(response)
    if (!isSuccess(response)) throw refusal(response, text)
    return text === '' ? {} : parseJson(text)
  }
}

function parseJson(text: string): Readonly<Record<string, unknown>> {
  const value: unknown = JSON.parse(text)
  if (typeof value !== 'object' || value === null) throw new Refused(`not JSON: ${text}`)
  return value as Readonly<Record<string, unknown>>
}

export function isSuccess({ statusCode = 0 }: IncomingMessage): boolean {
  return statusCode >= 200 && statusCode < 300
}

export async function textOf(response: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = []
  for await (const piece of response) pieces.push(Buffer.from(piece))
  return Buffer.concat(pieces).toString()
}

/** What the error document says, XML or JSON; a 5xx may be another answer the next time. */
export function refusal({ statusCode = 0 }: IncomingMessage, text: string): Refused | Broken {
  const code = /<Code>([^<]*)<\/Code>|"code":"([^"]*)"/.exec(text)
  const message = /<Message>([^<]*)<\/Message>|"message":"([^"]*)"/.exec(text)
  const said = [code?.[1] ?? code?.[2], message?.[1] ?? message?.[2]].filter(Boolean).join(': ')
  const answer = `The server answered ${statusCode}${said === '' ? '' : ` ${said}`}`
  return statusCode >= 500 ? new Broken(answer) : new Refused(answer)
}
