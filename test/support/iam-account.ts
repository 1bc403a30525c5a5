// A server in this process with its first tenant, whose users are made by IAM's own actions, and given policies by hand.
import assert from 'node:assert'
import { rootTenantId } from '../../gateway/access/identity.ts'
import { accountId } from '../../gateway/access/owner.ts'
import type { IdentityDocuments, UserDocument } from '../../metadata/identity-records.ts'
import { FormClient, type FormKey } from './form-client.ts'
import { RunningServer, type ServerOptions } from './start-server.ts'

export const tenantId = rootTenantId
export const account = accountId(rootTenantId)

type Statement = Readonly<Record<string, unknown>>

export function allow(
  action: string | readonly string[],
  resource: string | readonly string[] = '*',
): Statement {
  return { Effect: 'Allow', Action: action, Resource: resource }
}

export class IamAccount {
  readonly server: RunningServer
  readonly root: FormClient
  /** The root user, who asks one gateway after the other. */
  readonly spread: FormClient

  private constructor(server: RunningServer) {
    this.server = server
    this.root = new FormClient(server.port)
    this.spread = new FormClient(server.ports)
  }

  static async start(options: ServerOptions = {}): Promise<IamAccount> {
    return new IamAccount(await RunningServer.start(options))
  }

  async stop(): Promise<void> {
    this.server.assertNoFailure()
    await this.server.stop()
  }

  get identities() {
    return this.server.stores.metadata.identities
  }

  get tenants() {
    return this.server.stores.metadata.tenants
  }

  clientOf(key: FormKey): FormClient {
    return new FormClient(this.server.port, key)
  }

  async newKey(parameters: Readonly<Record<string, string>> = {}): Promise<FormKey> {
    const made = await this.root.do('CreateAccessKey', parameters)
    return keyIn(made.value('AccessKeyId'), made.value('SecretAccessKey'))
  }

  /** A new user with a key, who may do what the statements say. */
  async userWith(name: string, ...statements: readonly Statement[]): Promise<FormClient> {
    await this.root.do('CreateUser', { UserName: name })
    const key = await this.newKey({ UserName: name })
    if (statements.length > 0) await this.allow(name, ...statements)
    return this.clientOf(key)
  }

  async allow(name: string, ...statements: readonly Statement[]): Promise<void> {
    const document = JSON.stringify({ Version: '2012-10-17', Statement: statements })
    await this.change(name, (user) => ({ ...user, inline: [{ name: 'own', document }] }))
  }

  user(name: string): Promise<UserDocument | undefined> {
    return this.identities.get(tenantId, 'user', name.toLowerCase())
  }

  async change(name: string, change: (user: UserDocument) => UserDocument): Promise<void> {
    const user = await this.user(name)
    assert.ok(user !== undefined)
    await this.put('user', name.toLowerCase(), change(user))
  }

  async put<Kind extends 'user' | 'group' | 'policy' | 'role' | 'oidcProvider'>(
    kind: Kind,
    name: string,
    document: IdentityDocuments[Kind],
  ): Promise<void> {
    const ifRevision = await this.identities.revision(tenantId)
    const put = [{ kind, name, document }] as Parameters<typeof this.identities.commit>[1]['put']
    const { is } = await this.identities.commit(tenantId, { ifRevision, put, remove: [] })
    assert.strictEqual(is, 'done')
  }
}

function keyIn(accessKeyId: string, secretAccessKey: string): FormKey {
  assert.match(accessKeyId, /^AKIA[A-Z2-7]{16}$/)
  assert.strictEqual(secretAccessKey.length, 40)
  return { accessKeyId, secretAccessKey }
}
