// A server with its admin API, and tenants made by it.
import assert from 'node:assert'
import { AdminServer, type Credentials, credentialsIn } from '../../support/admin-server.ts'
import type { RawResponse } from '../../support/raw-connection.ts'
import { RunningServer } from '../../support/start-server.ts'
import { exchange, type WireRequest } from '../../support/wire-request.ts'

export type MadeTenant = {
  readonly id: string
  readonly name: string
  /** Of its root user. */
  readonly credentials: Credentials
}

export class AdminFixture {
  readonly server: RunningServer
  readonly admin: AdminServer
  private names = 0

  private constructor(server: RunningServer, admin: AdminServer) {
    this.server = server
    this.admin = admin
  }

  static async start(): Promise<AdminFixture> {
    const server = await RunningServer.start()
    return new AdminFixture(server, await AdminServer.start(server))
  }

  async makeTenant(more: object = {}): Promise<MadeTenant> {
    this.names += 1
    const name = `tenant-${this.names}`
    const request = { method: 'POST', path: '/v1/tenants', json: { name, ...more } }
    const made = await this.admin.json(request, 201)
    return { id: String(made.id), name, credentials: credentialsIn(made.key) }
  }

  s3(credentials: Credentials, method: string, target: string): Promise<RawResponse> {
    return this.send(credentials, { method, target })
  }

  send(credentials: Credentials, request: WireRequest): Promise<RawResponse> {
    return exchange(this.server.port, { ...request, context: { credentials } })
  }

  assertNoFailure(): void {
    this.server.assertNoFailure()
    assert.deepEqual(this.admin.logged, [])
  }

  async stop(): Promise<void> {
    await this.admin.stop()
    await this.server.stop()
  }
}
