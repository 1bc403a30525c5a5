// Speaks to IAM and STS on the S3 port of a running server, as their clients do: signed forms in, XML out.
import { createHash } from 'node:crypto'
import { type SigningCredentials, signRequest } from '../../protocol/s3/sigv4/sign-request.ts'
import { SigningKeyCache } from '../../protocol/s3/sigv4/signing-keys.ts'
import type { RawResponse } from './raw-connection.ts'
import { exchangeBytes } from './wire-request.ts'

export type QueryService = 'iam' | 'sts'

const versions: Readonly<Record<QueryService, string>> = { iam: '2010-05-08', sts: '2011-06-15' }
const signingKeys = new SigningKeyCache({ entriesMax: 100 })

export type QueryRequest = {
  readonly service: QueryService
  readonly action: string
  readonly parameters?: Readonly<Record<string, string>>
  /** Absent: it is not signed. */
  readonly credentials?: SigningCredentials
}

export function askQuery(port: number, request: QueryRequest): Promise<RawResponse> {
  const { service, action, parameters = {}, credentials } = request
  const form = new URLSearchParams({ Action: action, Version: versions[service], ...parameters })
  const body = Buffer.from(form.toString())
  const sent = {
    host: `127.0.0.1:${port}`,
    'content-type': 'application/x-www-form-urlencoded; charset=utf-8',
    'content-length': String(body.length),
  }
  const headers =
    credentials === undefined
      ? sent
      : signRequest(
          {
            ...{ method: 'POST', target: '/', headers: sent },
            payloadHash: createHash('sha256').update(body).digest('hex'),
          },
          { credentials, signingKeys, nowMs: Date.now(), service },
        ).headers
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  const head = Buffer.from(`POST / HTTP/1.1\r\n${lines.join('')}\r\n`, 'latin1')
  return exchangeBytes(port, Buffer.concat([head, body]), 'POST')
}

/** The text of the first element of that name. Undefined: there is none. */
export function elementIn(response: RawResponse, name: string): string | undefined {
  return new RegExp(`<${name}>([^<]*)</${name}>`).exec(response.body.toString())?.[1]
}
