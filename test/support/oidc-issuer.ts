// An issuer of tokens of a test's own (the package oidc-provider), on a port of 127.0.0.1: what it puts into its tokens is said
// by the test, and how they are had is OpenID Connect's. Its keys can be changed, and it can stop answering.
import assert from 'node:assert'
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { exportJWK, generateKeyPair, type JWK } from 'jose'
import Provider from 'oidc-provider'
import { freePort } from './free-port.ts'

export type Claims = Readonly<Record<string, unknown>>

const client = { id: 'workflow', secret: 'secret-of-a-workflow' }

export type IssuerOptions = {
  /** Of its URL, as `/realms/demo`. */
  readonly path?: string
  readonly algorithm?: 'RS256' | 'ES256' | 'PS256'
}

export class OidcIssuer {
  readonly issuer: string
  /** Paths that were asked for. */
  readonly asked: string[] = []
  readonly #path: string
  readonly #algorithm: string
  #claims: Claims = {}
  #server: Server
  #serial = 0

  private constructor(port: number, { path = '', algorithm = 'RS256' }: IssuerOptions) {
    this.issuer = `http://127.0.0.1:${port}${path}`
    this.#path = path
    this.#algorithm = algorithm
    this.#server = createServer()
  }

  static async start(options: IssuerOptions = {}): Promise<OidcIssuer> {
    const issuer = new OidcIssuer(await freePort(), options)
    await issuer.renewKeys()
    return issuer
  }

  /** As condition keys and providers name it. */
  get name(): string {
    return this.issuer.replace('http://', '')
  }

  /** Starts it anew with a key that nobody has seen. */
  async renewKeys(): Promise<void> {
    await this.stop()
    this.#serial += 1
    const { privateKey } = await generateKeyPair(this.#algorithm, { extractable: true })
    const key = { ...(await exportJWK(privateKey)), kid: `key-${this.#serial}`, use: 'sig' }
    const callback = this.#provider({ ...key, alg: this.#algorithm }).callback()
    this.#server = createServer((request, response) => {
      const { url = '' } = request
      this.asked.push(url)
      if (!url.startsWith(this.#path)) {
        response.writeHead(404).end()
        return
      }
      Object.assign(request, { originalUrl: url, url: url.slice(this.#path.length) })
      void callback(request, response)
    })
    this.#server.listen(Number(new URL(this.issuer).port), '127.0.0.1')
    await once(this.#server, 'listening')
  }

  async stop(): Promise<void> {
    if (!this.#server.listening) return
    const closed = once(this.#server, 'close')
    this.#server.close()
    this.#server.closeAllConnections()
    await closed
  }

  /** Asks for one as a client does. `aud` goes for what the client names; all claims can be replaced. */
  async token(claims: Claims): Promise<string> {
    this.#claims = claims
    const response = await fetch(`${this.issuer}/token`, {
      method: 'POST',
      headers: {
        authorization: `Basic ${Buffer.from(`${client.id}:${client.secret}`).toString('base64')}`,
      },
      body: new URLSearchParams({ grant_type: 'client_credentials', resource: 'urn:of:a-test' }),
    })
    const answer = (await response.json()) as { access_token?: string }
    assert.ok(answer.access_token !== undefined, JSON.stringify(answer))
    return answer.access_token
  }

  #provider(key: JWK): Provider {
    const provider = new Provider(this.issuer, {
      clients: [
        {
          ...{ client_id: client.id, client_secret: client.secret, redirect_uris: [] },
          ...{ grant_types: ['client_credentials'], response_types: [] },
          id_token_signed_response_alg: this.#algorithm as 'RS256',
        },
      ],
      jwks: { keys: [key] },
      ttl: { ClientCredentials: 300 },
      features: {
        clientCredentials: { enabled: true },
        devInteractions: { enabled: false },
        resourceIndicators: {
          enabled: true,
          getResourceServerInfo: () => ({
            ...{ scope: '', audience: 'sts.amazonaws.com', accessTokenFormat: 'jwt' as const },
            accessTokenTTL: 300,
            jwt: { sign: { alg: this.#algorithm as 'RS256' } },
          }),
        },
      },
      formats: {
        customizers: {
          jwt: (_context, _token, parts) => {
            Object.assign(parts.payload, this.#claims)
          },
        },
      },
    })
    return provider
  }
}
