// The admin API of a server under test, on a port of its own, and a client that signs for it or bears a token.

import assert from 'node:assert'
import { createHash, randomBytes } from 'node:crypto'
import { type AdminListener, listenAdmin } from '../../deploy/process/admin-listener.ts'
import type { AddLine } from '../../gateway/audit/audit-requests.ts'
import { composeAdmin } from '../../gateway/compose/compose-admin.ts'
import { createHealthApp } from '../../gateway/http/admin-health.ts'
import { logTo } from '../../gateway/log.ts'
import { type SigningContext, signRequest } from '../../protocol/s3/sigv4/sign-request.ts'
import { SigningKeyCache } from '../../protocol/s3/sigv4/signing-keys.ts'
import type { Json } from './own-routes-client.ts'
import { type RunningServer, serverKey, serverRegion } from './start-server.ts'

export type AdminServerOptions = {
  readonly adminRate?: number
  readonly audit?: AddLine
  readonly now?: () => number
  readonly check?: () => Promise<void>
}

export type Credentials = SigningContext['credentials']

export type AdminRequest = {
  readonly method?: string
  /** Path and query. */
  readonly path: string
  /** What becomes JSON; a text is sent as it is. */
  readonly json?: unknown
  readonly headers?: Readonly<Record<string, string>>
  /** `nobody`: neither signs nor bears. A text: bears that token. Default: the root user of the first tenant. */
  readonly by?: Credentials | string | 'nobody'
  readonly service?: 's3' | 'holdfast'
}

export type AdminReply = {
  readonly status: number
  readonly headers: Headers
  /** Of the body, if it is JSON. */
  readonly json: Json
  readonly text: string
}

const signingKeys = new SigningKeyCache({ entriesMax: 100 })

export class AdminServer {
  readonly server: RunningServer
  readonly logged: unknown[] = []
  private readonly listener: AdminListener

  private constructor(server: RunningServer, listener: AdminListener, logged: unknown[]) {
    this.server = server
    this.listener = listener
    this.logged = logged
  }

  static async start(
    server: RunningServer,
    options: AdminServerOptions = {},
  ): Promise<AdminServer> {
    const { stores, masterKey } = server
    const logged: unknown[] = []
    const api = composeAdmin({
      ...{ metadata: stores.metadata, masterKey, random: randomBytes },
      config: { region: serverRegion, adminRate: options.adminRate ?? 0 },
      processId: randomBytes(8).toString('hex'),
      now: options.now ?? Date.now,
      log: logTo((_level, event, details) => logged.push({ event, details })),
      audit: options.audit,
      check: options.check ?? (async () => {}),
    })
    const health = createHealthApp(async () => ({ ready: true, details: {} }))
    const listener = await listenAdmin({ health, api }, { host: '127.0.0.1', port: 0 })
    return new AdminServer(server, listener, logged)
  }

  get origin(): string {
    return `http://127.0.0.1:${this.listener.address.port}`
  }

  async ask(request: AdminRequest): Promise<AdminReply> {
    const { method = 'GET', path, json, by = rootCredentials } = request
    const body =
      json === undefined ? undefined : typeof json === 'string' ? json : JSON.stringify(json)
    const given = {
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...request.headers,
    }
    const headers = this.signed({ ...request, method, by }, given, body ?? '')
    const response = await fetch(this.origin + path, {
      ...{ method, headers },
      ...(body === undefined ? {} : { body }),
    })
    const text = await response.text()
    const isJson = /json/.test(response.headers.get('content-type') ?? '')
    return {
      ...{ status: response.status, headers: response.headers, text },
      json: isJson ? parseJson(text) : {},
    }
  }

  /** The JSON of an answer of that status. */
  async json(request: AdminRequest, status = 200): Promise<Json> {
    const reply = await this.ask(request)
    assert.equal(reply.status, status, `${request.method ?? 'GET'} ${request.path}: ${reply.text}`)
    return reply.json
  }

  /** The status and code of a refusal. */
  async refusal(request: AdminRequest): Promise<string> {
    const { status, json, headers } = await this.ask(request)
    if (status < 400) return String(status)
    assert.match(headers.get('content-type') ?? '', /^application\/problem\+json/)
    return `${json.status} ${json.code}`
  }

  private signed(
    { path, method, by, service = 'holdfast' }: AdminRequest & { readonly method: string },
    headers: Readonly<Record<string, string>>,
    body: string,
  ): Record<string, string> {
    if (by === 'nobody') return { ...headers }
    if (typeof by === 'string') return { ...headers, authorization: `Bearer ${by}` }
    const payloadHash = createHash('sha256').update(body).digest('hex')
    const host = `127.0.0.1:${this.listener.address.port}`
    const { headers: sent } = signRequest(
      { method, target: path, headers: { ...headers, host }, payloadHash },
      { credentials: by ?? rootCredentials, signingKeys, nowMs: Date.now(), service },
    )
    const { host: _, ...others } = sent
    return others
  }

  stop(): Promise<void> {
    return this.listener.close()
  }
}

export const rootCredentials: Credentials = { ...serverKey, region: serverRegion }

export function credentialsIn(key: unknown): Credentials {
  assert.ok(typeof key === 'object' && key !== null)
  return {
    accessKeyId: String(Reflect.get(key, 'accessKeyId')),
    secretAccessKey: String(Reflect.get(key, 'secretAccessKey')),
    region: serverRegion,
  }
}

function parseJson(text: string): Json {
  return JSON.parse(text) as Json
}
