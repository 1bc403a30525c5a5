// A client of the admin API, for the command line: signs each request or bears a token, and tells problems as sentences.
import { createHash } from 'node:crypto'
import { type SigningCredentials, signRequest } from '../../protocol/s3/sigv4/sign-request.ts'
import { SigningKeyCache } from '../../protocol/s3/sigv4/signing-keys.ts'

export type AdminSignIn = SigningCredentials | { readonly token: string }

export type AdminAsked = {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** Each is a piece of the path, and encoded. */
  readonly path: readonly string[]
  readonly query?: Readonly<Record<string, string | undefined>>
  readonly json?: unknown
  readonly ifMatch?: string
}

export type AdminAnswer = { readonly json: unknown; readonly etag: string }

/** What the server refuses. The message is for people. */
export class AdminRefused extends Error {
  override readonly name = 'AdminRefused'
}

/** The server did not answer. */
export class AdminUnreachable extends Error {
  override readonly name = 'AdminUnreachable'
}

export class AdminClient {
  readonly #origin: URL
  readonly #signIn: AdminSignIn
  readonly #signingKeys = new SigningKeyCache({ entriesMax: 1 })

  /** `origin`: without a path. */
  constructor(origin: URL, signIn: AdminSignIn) {
    this.#origin = origin
    this.#signIn = signIn
  }

  /** Throws `AdminRefused` and `AdminUnreachable`. */
  async ask({ method = 'GET', path, query = {}, json, ifMatch }: AdminAsked): Promise<AdminAnswer> {
    const body = json === undefined ? '' : JSON.stringify(json)
    const headers = {
      ...(json === undefined ? {} : { 'content-type': 'application/json' }),
      ...(ifMatch === undefined ? {} : { 'if-match': ifMatch }),
    }
    const target = targetOf(path, query)
    const response = await this.#send(target, {
      ...{ method, headers: this.#signed({ method, target, headers, body }) },
      ...(json === undefined ? {} : { body }),
    })
    const text = await response.text()
    if (response.ok) {
      return { json: parseJson(text), etag: response.headers.get('etag') ?? '*' }
    }
    throw new AdminRefused(explain(response.status, parseJson(text)))
  }

  /** All items of a list. */
  async list({
    path,
    query = {},
  }: Pick<AdminAsked, 'path' | 'query'>): Promise<readonly unknown[]> {
    const items: unknown[] = []
    for (let after: string | undefined; ; ) {
      const { json } = await this.ask({ path, query: { ...query, limit: '1000', after } })
      const found = fieldOf(json, 'items')
      if (Array.isArray(found)) items.push(...found)
      const next = fieldOf(json, 'next')
      if (typeof next !== 'string') return items
      after = next
    }
  }

  #send(target: string, init: RequestInit): Promise<Response> {
    return fetch(new URL(target, this.#origin), init).catch((cause: unknown) => {
      const why = cause instanceof Error && cause.cause instanceof Error ? cause.cause : cause
      const said = why instanceof Error ? why.message : String(why)
      const message = `The admin API at ${this.#origin.origin} cannot be reached: ${said}.`
      throw new AdminUnreachable(message, { cause })
    })
  }

  #signed(request: {
    readonly method: string
    readonly target: string
    readonly headers: Readonly<Record<string, string>>
    readonly body: string
  }): Record<string, string> {
    const signIn = this.#signIn
    if ('token' in signIn) return { ...request.headers, authorization: `Bearer ${signIn.token}` }
    const payloadHash = createHash('sha256').update(request.body).digest('hex')
    const headers = { ...request.headers, host: this.#origin.host }
    const context = { credentials: signIn, signingKeys: this.#signingKeys, nowMs: Date.now() }
    const signed = signRequest(
      { ...request, headers, payloadHash },
      { ...context, service: 'holdfast' },
    )
    const { host: _, ...others } = signed.headers
    return others
  }
}

function targetOf(path: readonly string[], query: Readonly<Record<string, string | undefined>>) {
  const parameters = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) parameters.set(name, value)
  }
  const search = parameters.size === 0 ? '' : `?${parameters}`
  return `/v1/${path.map(encodeURIComponent).join('/')}${search}`
}

function parseJson(text: string): unknown {
  if (text === '') return undefined
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function explain(status: number, problem: unknown): string {
  const title = fieldOf(problem, 'title')
  const said = fieldOf(problem, 'detail') ?? title ?? `The server answered ${status}.`
  const invalid = fieldOf(problem, 'invalid')
  const fields = Array.isArray(invalid)
    ? invalid.map((each) => `\n  ${fieldOf(each, 'field')}: ${fieldOf(each, 'problem')}`)
    : []
  return `${said}${fields.join('')}`
}

export function fieldOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined
}
