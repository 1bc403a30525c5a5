// An https server that answers as a test says, and notes what it was asked.
import { readFileSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { CertificateFiles } from '../../compat/tls-certificate.ts'

export type Answer = (response: ServerResponse, incoming: IncomingMessage) => void

export class HttpsOrigin {
  readonly port: number
  /** Paths with queries, in order. */
  readonly asked: string[]
  private readonly server: Server

  private constructor(server: Server, asked: string[]) {
    this.server = server
    this.asked = asked
    this.port = (server.address() as AddressInfo).port
  }

  /** By path without query; 404 for all others. */
  static async start(
    certificate: CertificateFiles,
    answers: Readonly<Record<string, Answer>>,
    listen: { readonly host?: string; readonly port?: number } = {},
  ): Promise<HttpsOrigin> {
    const asked: string[] = []
    const files = { cert: readFileSync(certificate.cert), key: readFileSync(certificate.key) }
    const server = createServer(files, (incoming, response) => {
      const url = incoming.url ?? ''
      asked.push(url)
      const answer = answers[url.replace(/\?.*/, '')]
      if (answer === undefined) response.writeHead(404).end()
      else answer(response, incoming)
    })
    const { host = '127.0.0.1', port = 0 } = listen
    await new Promise<void>((resolve) => server.listen(port, host, resolve))
    return new HttpsOrigin(server, asked)
  }

  close(): void {
    this.server.close()
    this.server.closeAllConnections()
  }
}

/** Something that a test waits for. */
export function gate(): { readonly opened: Promise<void>; open(): void } {
  let open = () => {}
  const opened = new Promise<void>((resolve) => {
    open = resolve
  })
  return { opened, open: () => open() }
}
