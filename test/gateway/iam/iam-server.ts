// A server in this process, with AWS's clients of IAM and S3: of its root user, and of users that a test puts into the store.
import assert from 'node:assert'
import { randomBytes } from 'node:crypto'
import { IAMClient, IAMServiceException } from '@aws-sdk/client-iam'
import { S3Client } from '@aws-sdk/client-s3'
import { rootTenantId } from '../../../gateway/access/identity.ts'
import { sealSecret } from '../../../gateway/access/keys/seal-secret.ts'
import { accountId } from '../../../gateway/access/owner.ts'
import type {
  GroupDocument,
  IdentityEntry,
  UserDocument,
} from '../../../metadata/identity-records.ts'
import {
  RunningServer,
  type ServerOptions,
  serverKey,
  serverRegion,
} from '../../support/start-server.ts'

export const account = accountId(rootTenantId)
export const tenantId = rootTenantId

export type Clients = { readonly iam: IAMClient; readonly s3: S3Client }
type Key = { readonly accessKeyId: string; readonly secretAccessKey: string }

export class IamServer {
  readonly server: RunningServer
  readonly root: Clients
  readonly #clients: Clients[] = []

  private constructor(server: RunningServer) {
    this.server = server
    this.root = this.clientsOf(serverKey)
  }

  static async start(options: ServerOptions = {}): Promise<IamServer> {
    return new IamServer(await RunningServer.start(options))
  }

  async stop(): Promise<void> {
    for (const { iam, s3 } of this.#clients) {
      iam.destroy()
      s3.destroy()
    }
    this.server.assertNoFailure()
    await this.server.stop()
  }

  get identities() {
    return this.server.stores.metadata.identities
  }

  clientsOf(credentials: Key): Clients {
    const endpoint = `http://127.0.0.1:${this.server.port}`
    // A retry would hide an answer that should not have been.
    const options = { endpoint, region: serverRegion, credentials, maxAttempts: 1 }
    const clients = {
      iam: new IAMClient(options),
      s3: new S3Client({ ...options, forcePathStyle: true }),
    }
    this.#clients.push(clients)
    return clients
  }

  async put(...put: readonly IdentityEntry[]): Promise<void> {
    const revision = await this.identities.revision(tenantId)
    const change = { ifRevision: revision, put, remove: [] }
    assert.equal((await this.identities.commit(tenantId, change)).is, 'done')
  }

  /** A user with a key, who may do nothing. Another one of the name has another id, and another key. */
  async addUser(name: string, more: Partial<UserDocument> = {}): Promise<Clients> {
    const called = more.id?.replace(/^AIDA/, '') ?? name.toUpperCase()
    const key = { accessKeyId: `AKIA${called}`, secretAccessKey: `secret of ${name}` }
    const { accessKeyId } = key
    await this.server.stores.metadata.tenants.putAccessKey({
      ...{ accessKeyId, tenantId, userName: name, status: 'active', createdMs: 0 },
      sealedSecret: sealSecret(
        this.server.masterKey,
        {
          name: { is: 'secretAccessKey', tenantId, accessKeyId },
          plaintext: Buffer.from(key.secretAccessKey),
        },
        randomBytes,
      ),
    })
    const document: UserDocument = {
      ...{ id: `AIDA${name.toUpperCase()}`, name, path: '/', createdMs: 0 },
      ...{ inline: [], attached: [], tags: [], groups: [] },
      accessKeys: [{ accessKeyId, status: 'active', createdMs: 0 }],
      ...more,
    }
    await this.put({ kind: 'user', name: name.toLowerCase(), document })
    return this.clientsOf(key)
  }

  async addGroup(name: string, more: Partial<GroupDocument> = {}): Promise<void> {
    const document: GroupDocument = {
      ...{ id: `AGPA${name.toUpperCase()}`, name, path: '/', createdMs: 0 },
      ...{ inline: [], attached: [], ...more },
    }
    await this.put({ kind: 'group', name: name.toLowerCase(), document })
  }
}

/** Fails unless the client rejects with that code and status. */
export async function refusedWith(
  promise: Promise<unknown>,
  code: string,
  status: number,
): Promise<string> {
  try {
    await promise
  } catch (cause) {
    assert.ok(cause instanceof IAMServiceException, String(cause))
    // The SDK calls some of them by the name of their class.
    const name = cause.name.replace(/Exception$/, '')
    assert.deepStrictEqual([name, cause.$metadata.httpStatusCode], [code, status], cause.message)
    return cause.message
  }
  return assert.fail(`${code} was expected and the request succeeded`)
}

export type Statement = Readonly<Record<string, unknown>>

export function policyText(...statements: readonly Statement[]): string {
  return JSON.stringify({ Version: '2012-10-17', Statement: statements })
}

export function allow(
  action: string | readonly string[],
  resource: string | readonly string[] = '*',
) {
  return { Effect: 'Allow', Action: action, Resource: resource }
}

export function deny(
  action: string | readonly string[],
  resource: string | readonly string[] = '*',
) {
  return { Effect: 'Deny', Action: action, Resource: resource }
}

/** As policies write one. */
export function variable(key: string): string {
  return `\${${key}}`
}

/** Who may assume a role. */
export function trustText(principal: unknown = { AWS: account }): string {
  return policyText({ Effect: 'Allow', Principal: principal, Action: 'sts:AssumeRole' })
}

export const own = (of: string, name: string) => `arn:aws:iam::${account}:${of}/${name}`
