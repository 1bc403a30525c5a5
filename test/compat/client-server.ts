// The server as people start it, by its command line, for the tests with real clients.
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { makeTemporaryDirectory, StartedServer } from '../support/started-server.ts'

export const clientKey = { accessKeyId: 'compat-access-key', secretAccessKey: 'compat/secret+key=' }
export const clientRegion = 'us-east-1'

const program = fileURLToPath(new URL('../../deploy/holdfast.js', import.meta.url))

/** Every suite runs with one process serving, and with several. */
export const workerCounts = [1, 3] as const

export class ClientServer {
  readonly endpoint: string
  readonly adminEndpoint: string
  readonly process: StartedServer
  /** Of the clients: home directory, files. Removed with the server. */
  readonly folder: string
  private readonly remove: () => void

  private constructor(parts: {
    readonly process: StartedServer
    readonly s3: string
    readonly admin: string
    readonly folder: string
    readonly remove: () => void
  }) {
    this.process = parts.process
    this.endpoint = parts.s3
    this.adminEndpoint = parts.admin
    this.folder = parts.folder
    this.remove = parts.remove
  }

  static async start(
    workers: number,
    options: { readonly argv?: readonly string[] } = {},
  ): Promise<ClientServer> {
    const { path: folder, remove } = makeTemporaryDirectory()
    const process = startHoldfast({ data: join(folder, 'data'), workers, argv: options.argv ?? [] })
    try {
      const { s3, admin } = await process.listening()
      return new ClientServer({ process, s3, admin, folder, remove })
    } catch (cause) {
      await process.stop('SIGKILL')
      remove()
      throw cause
    }
  }

  get port(): string {
    return new URL(this.endpoint).port
  }

  path(name: string): string {
    return join(this.folder, name)
  }

  /** Stops it in order. Fails unless it ends with 0. */
  async close(): Promise<void> {
    const code = await this.process.stop()
    this.remove()
    if (code !== 0) throw new Error(`the server ended with ${code}:\n${this.process.output}`)
  }
}

export function startHoldfast(options: {
  readonly data: string
  readonly workers: number
  readonly argv?: readonly string[]
}): StartedServer {
  const addresses = ['--listen', '127.0.0.1:0', '--admin-listen', '127.0.0.1:0']
  const flags = ['--data', options.data, '--workers', String(options.workers), ...addresses]
  return new StartedServer({
    program,
    argv: ['server', ...flags, ...(options.argv ?? [])],
    env: {
      HOLDFAST_ROOT_ACCESS_KEY: clientKey.accessKeyId,
      HOLDFAST_ROOT_SECRET_KEY: clientKey.secretAccessKey,
    },
  })
}

/** The path of a file beside the test's source, such as a script of another language. */
export function sourceFile(name: string): string {
  return fileURLToPath(new URL(`../../../test/compat/${name}`, import.meta.url))
}

export function sha256OfFile(path: string): string {
  return createHash('sha256').update(readFileSync(path)).digest('hex')
}
