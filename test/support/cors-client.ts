// A server with buckets that have CORS rules and that have none, and what browsers send to it and read of its replies.
import assert from 'node:assert'
import { createHash } from 'node:crypto'
import type { RawResponse } from './raw-connection.ts'
import { RunningServer, type ServerOptions } from './start-server.ts'
import { codeOf, exchange, exchangeBytes, type WireRequest } from './wire-request.ts'

export const app = 'https://app.example.org'
export const other = 'https://other.example.org'
const vary = 'Origin, Access-Control-Request-Headers, Access-Control-Request-Method'

export const configuration = `<CORSConfiguration>
  <CORSRule>
    <ID>uploads</ID>
    <AllowedMethod>PUT</AllowedMethod><AllowedMethod>POST</AllowedMethod><AllowedMethod>DELETE</AllowedMethod>
    <AllowedOrigin>${app}</AllowedOrigin>
    <AllowedHeader>content-type</AllowedHeader><AllowedHeader>x-amz-*</AllowedHeader>
    <ExposeHeader>ETag</ExposeHeader><ExposeHeader>x-amz-version-id</ExposeHeader>
    <MaxAgeSeconds>3000</MaxAgeSeconds>
  </CORSRule>
  <CORSRule>
    <AllowedMethod>GET</AllowedMethod><AllowedMethod>HEAD</AllowedMethod>
    <AllowedOrigin>https://*.example.org</AllowedOrigin>
    <ExposeHeader>Content-Range</ExposeHeader>
  </CORSRule>
  <CORSRule><AllowedMethod>GET</AllowedMethod><AllowedOrigin>*</AllowedOrigin></CORSRule>
</CORSConfiguration>`

export function putCors(bucket: string, body = configuration): WireRequest {
  const digest = createHash('md5').update(body).digest('base64')
  return { method: 'PUT', target: `/${bucket}?cors`, headers: { 'content-md5': digest }, body }
}

export type Sent = Readonly<Record<string, string>>

/** Not signed. */
export function plain(port: number, method: string, target: string, headers: Sent = {}) {
  const lines = Object.entries({ host: 's3.test', ...headers }).map(([name, value]) => {
    return `${name}: ${value}\r\n`
  })
  return exchangeBytes(port, `${method} ${target} HTTP/1.1\r\n${lines.join('')}\r\n`, method)
}

export function preflight(
  port: number,
  target: string,
  asked: { origin?: string; method?: string } & Sent,
) {
  const { origin, method, ...others } = asked
  return plain(port, 'OPTIONS', target, {
    ...(origin === undefined ? {} : { origin }),
    ...(method === undefined ? {} : { 'access-control-request-method': method }),
    ...others,
  })
}

/** What a reply says to browsers, without the beginning that all these names have. */
export function shared({ headers }: RawResponse): Readonly<Record<string, string>> {
  const beginning = 'access-control-'
  return Object.fromEntries(
    [...headers]
      .filter(([name]) => name.startsWith(beginning) || name === 'vary')
      .map(([name, value]) => [name.replace(beginning, ''), value]),
  )
}

export const toUploads = {
  'allow-origin': app,
  'allow-methods': 'PUT, POST, DELETE',
  'expose-headers': 'ETag, x-amz-version-id',
  'max-age': '3000',
  'allow-credentials': 'true',
  vary,
}
export const toReads = (origin: string) => ({
  'allow-origin': origin,
  'allow-methods': 'GET, HEAD',
  'expose-headers': 'Content-Range',
  'allow-credentials': 'true',
  vary,
})
export const toAnybody = { 'allow-origin': '*', 'allow-methods': 'GET', vary }

export function said(response: RawResponse): string {
  return response.status < 300 ? `${response.status}` : `${response.status} ${codeOf(response)}`
}

export async function withBuckets(options: ServerOptions = {}): Promise<RunningServer> {
  const server = await RunningServer.start(options)
  const made = [
    { method: 'PUT', target: '/open' },
    { method: 'PUT', target: '/bare' },
    { method: 'PUT', target: '/open/k', body: 'content' },
    { method: 'PUT', target: '/open/folder/a', body: 'in a folder' },
    putCors('open'),
  ]
  for (const request of made) {
    assert.equal((await exchange(server.port, request)).status, 200, request.target)
  }
  return server
}
