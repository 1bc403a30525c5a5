// Speaks to the routes below `/-/` of a running server: JSON in, JSON out, signed or not.
import assert from 'node:assert'
import type { SigningCredentials } from '../../protocol/s3/sigv4/sign-request.ts'
import type { RawResponse } from './raw-connection.ts'
import { exchange, exchangeBytes } from './wire-request.ts'

export type NativeRequest = {
  readonly method?: string
  /** Path and query. */
  readonly target: string
  readonly json?: unknown
  readonly headers?: Readonly<Record<string, string>>
  /** Default: those of the root user. */
  readonly credentials?: SigningCredentials
}

const host = '127.0.0.1'

function bodyOf({ json }: NativeRequest): string | undefined {
  if (json === undefined) return undefined
  return typeof json === 'string' ? json : JSON.stringify(json)
}

export function askSigned(port: number, request: NativeRequest): Promise<RawResponse> {
  const { method = 'GET', target, headers, credentials } = request
  const body = bodyOf(request)
  return exchange(port, {
    method,
    target,
    ...(credentials === undefined ? {} : { context: { credentials } }),
    headers: { host: `${host}:${port}`, ...headers },
    ...(body === undefined ? {} : { body: Buffer.from(body) }),
  })
}

export function askPlain(port: number, request: NativeRequest): Promise<RawResponse> {
  const { method = 'GET', target, headers } = request
  const body = bodyOf(request)
  const sent = {
    host: `${host}:${port}`,
    ...(body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) }),
    ...headers,
  }
  const lines = Object.entries(sent).map(([name, value]) => `${name}: ${value}\r\n`)
  const head = `${method} ${target} HTTP/1.1\r\n${lines.join('')}\r\n`
  return exchangeBytes(port, Buffer.concat([Buffer.from(head), Buffer.from(body ?? '')]), method)
}

export type Json = Readonly<Record<string, unknown>>

/** The JSON of a reply with that status. */
export function jsonOf(response: RawResponse, status: number): Json {
  assert.equal(response.status, status, response.body.toString())
  assert.equal(response.headers.get('content-type'), 'application/json')
  return parseJson(response.body.toString())
}

function parseJson(text: string): Json {
  return JSON.parse(text) as Json
}

/** Status and code of an error in JSON. */
export function errorOf(response: RawResponse): string {
  const { code, requestId } = parseJson(response.body.toString())
  assert.ok(typeof requestId === 'string' && requestId !== '')
  return `${response.status} ${String(code)}`
}

export function textIn(json: Json, name: string): string {
  const value = json[name]
  assert.ok(typeof value === 'string', `${name} in ${JSON.stringify(json)}`)
  return value
}

/** Path and query of a URL that the server has made. */
export function targetOf(url: string): string {
  return url.replace(/^https?:\/\/[^/]+/, '')
}
