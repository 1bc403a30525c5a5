// Asks a server under test about ACLs: as the owner of buckets, as another account's root user, and unsigned.
import assert from 'node:assert/strict'
import { rootTenantId } from '../../gateway/access/identity.ts'
import { ownerId } from '../../gateway/access/owner.ts'
import type { ObjectOwnership } from '../../protocol/s3/acl/object-ownership.ts'
import { type AnotherTenant, addTenant } from './more-tenants.ts'
import type { RawResponse } from './raw-connection.ts'
import { RunningServer, type ServerOptions } from './start-server.ts'
import {
  codeOf,
  exchange,
  exchangeBytes,
  signingContext,
  type WireRequest,
} from './wire-request.ts'

export type By = 'owner' | 'other' | 'anonymous'

/** How a grantee is written in a document. */
export function grantee(of: string): string {
  return of.startsWith('http')
    ? groupGrantee(of)
    : `<Grantee ${schema} xsi:type="CanonicalUser"><ID>${of}</ID></Grantee>`
}

export function groupGrantee(uri: string): string {
  return `<Grantee ${schema} xsi:type="Group"><URI>${uri}</URI></Grantee>`
}

const schema = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'

/** `grants`: grantee and permission. */
export function policyDocument(
  owner: string,
  grants: readonly (readonly [string, string])[],
): string {
  const list = grants.map(
    ([to, permission]) => `<Grant>${grantee(to)}<Permission>${permission}</Permission></Grant>`,
  )
  return `<AccessControlPolicy><Owner><ID>${owner}</ID></Owner><AccessControlList>${list.join('')}</AccessControlList></AccessControlPolicy>`
}

export const allUsers = 'http://acs.amazonaws.com/groups/global/AllUsers'
export const authenticatedUsers = 'http://acs.amazonaws.com/groups/global/AuthenticatedUsers'
export const logDelivery = 'http://acs.amazonaws.com/groups/s3/LogDelivery'

export class AclClient {
  readonly server: RunningServer
  readonly other: AnotherTenant
  readonly ownerId = ownerId(rootTenantId)
  readonly otherId: string
  private buckets = 0

  private constructor(server: RunningServer, other: AnotherTenant) {
    this.server = server
    this.other = other
    this.otherId = ownerId(other.tenantId)
  }

  static async start(options: ServerOptions = {}): Promise<AclClient> {
    const server = await RunningServer.start({ blockPublicAccess: false, ...options })
    return new AclClient(server, await addTenant(server, 'other'))
  }

  async stop(): Promise<void> {
    this.server.assertNoFailure()
    await this.server.stop()
  }

  async reply(by: By, request: WireRequest): Promise<RawResponse> {
    const { port } = this.server
    if (by === 'owner') return exchange(port, request)
    if (by === 'other') {
      const context = signingContext({ credentials: this.other.credentials })
      return exchange(port, { ...request, context })
    }
    const { method = 'GET', target, headers = {}, body = '' } = request
    const lines = Object.entries({ ...headers, 'content-length': `${Buffer.byteLength(body)}` })
    const head = [`${method} ${target} HTTP/1.1`, 'host: s3.test']
    for (const [name, value] of lines) head.push(`${name}: ${value}`)
    return exchangeBytes(port, `${head.join('\r\n')}\r\n\r\n${body}`, method)
  }

  /** The status, and of a refusal its code. */
  async ask(by: By, request: WireRequest): Promise<string> {
    const response = await this.reply(by, request)
    if (response.status < 300) return String(response.status)
    return request.method === 'HEAD'
      ? String(response.status)
      : `${response.status} ${codeOf(response)}`
  }

  async sure(by: By, request: WireRequest): Promise<RawResponse> {
    const response = await this.reply(by, request)
    assert.ok(
      response.status < 300,
      `${by}: ${request.method ?? 'GET'} ${request.target}: ${response.status} ${codeOf(response)}`,
    )
    return response
  }

  /** A bucket of the owner's. */
  async bucket(
    ownership: ObjectOwnership | undefined,
    headers: WireRequest['headers'] = {},
  ): Promise<string> {
    this.buckets += 1
    const name = `acl-${this.buckets}`
    const asked = ownership === undefined ? {} : { 'x-amz-object-ownership': ownership }
    await this.sure('owner', {
      ...{ method: 'PUT', target: `/${name}`, headers: { ...asked, ...headers } },
    })
    return name
  }

  async put(by: By, target: string, headers: WireRequest['headers'] = {}): Promise<RawResponse> {
    return this.sure(by, { method: 'PUT', target, body: 'of an object', headers })
  }

  /** Who owns it and what is granted, as short words. */
  async acl(target: string, by: By = 'owner'): Promise<readonly string[]> {
    const { body } = await this.sure(by, { target })
    const text = body.toString()
    const owner = /<Owner><ID>([^<]+)/.exec(text)?.[1] ?? ''
    const grants = [
      ...text.matchAll(
        /<(?:ID|URI)>([^<]+)<\/(?:ID|URI)>(?:<DisplayName>[^<]*<\/DisplayName>)?<\/Grantee><Permission>([^<]+)/g,
      ),
    ]
    return [
      this.nameOf(owner),
      ...grants.map(([, to = '', permission = '']) => `${this.nameOf(to)} ${permission}`),
    ]
  }

  async block(bucket: string, members: string): Promise<void> {
    const body = `<PublicAccessBlockConfiguration>${members}</PublicAccessBlockConfiguration>`
    await this.sure('owner', { method: 'PUT', target: `/${bucket}?publicAccessBlock`, body })
  }

  async policy(bucket: string, ...statements: readonly object[]): Promise<void> {
    const resources = [`arn:aws:s3:::${bucket}`, `arn:aws:s3:::${bucket}/*`]
    const filled = statements.map((statement) => ({
      ...{ Effect: 'Allow', Principal: '*', Action: 's3:*', Resource: resources, ...statement },
    }))
    const body = JSON.stringify({ Version: '2012-10-17', Statement: filled })
    await this.sure('owner', { method: 'PUT', target: `/${bucket}?policy`, body })
  }

  private nameOf(id: string): string {
    if (id === this.ownerId) return 'owner'
    if (id === this.otherId) return 'other'
    return id.slice(id.lastIndexOf('/') + 1)
  }
}
