// Requests signed ahead of time, as bytes ready for a socket.
import { createHash } from 'node:crypto'
import { type SigningContext, signRequest } from '../../protocol/s3/sigv4/sign-request.ts'

export type RequestSketch = {
  readonly method: string
  readonly target: string
  readonly body?: Buffer
  /** Default: the body's own SHA-256, as an SDK sends over plain HTTP. */
  readonly payloadHash?: string
}

export function preparedRequest(
  sketch: RequestSketch,
  host: string,
  context: SigningContext,
): Buffer {
  const body = sketch.body ?? Buffer.alloc(0)
  const { headers } = signRequest(
    {
      method: sketch.method,
      target: sketch.target,
      headers: { host, ...(sketch.body ? { 'content-length': `${body.length}` } : {}) },
      payloadHash: sketch.payloadHash ?? createHash('sha256').update(body).digest('hex'),
    },
    context,
  )
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  const head = `${sketch.method} ${sketch.target} HTTP/1.1\r\n${lines.join('')}\r\n`
  return Buffer.concat([Buffer.from(head, 'latin1'), body])
}
