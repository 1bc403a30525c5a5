// The server as people start it, by its command line, for the tests with real clients.
import assert from 'node:assert'
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { startBalancer } from '../cluster/balancer.ts'
import { Cluster, usualPlan } from '../cluster/start-cluster.ts'
import { makeTemporaryDirectory, StartedServer } from '../support/started-server.ts'

export const clientKey = { accessKeyId: 'compat-access-key', secretAccessKey: 'compat/secret+key=' }
export const clientRegion = 'us-east-1'

const program = fileURLToPath(new URL('../../deploy/holdfast.js', import.meta.url))

/** HOLDFAST_TEST_TOPOLOGY=cluster: clients speak to two gateways of a cluster, by turns, and not to one server. */
const isCluster = process.env.HOLDFAST_TEST_TOPOLOGY === 'cluster'

/** Every suite runs with one process serving, and with several. */
export const workerCounts: readonly number[] = isCluster ? [2] : [1, 3]

type Serving = {
  readonly process: StartedServer
  readonly s3: string
  readonly admin: string
  /** Where the chunks are. */
  readonly chunks: string
  /** Answers what did not end as it should. */
  readonly stop: () => Promise<readonly string[]>
}

export class ClientServer {
  readonly endpoint: string
  readonly adminEndpoint: string
  /** The server, or one of the gateways. */
  readonly process: StartedServer
  /** Of the clients: home directory, files. Removed with the server. */
  readonly folder: string
  /** Where the chunks are. */
  readonly chunks: string
  private readonly stop: Serving['stop']
  private readonly remove: () => void

  private constructor(
    { process, s3, admin, chunks, stop }: Serving,
    place: { readonly folder: string; readonly remove: () => void },
  ) {
    this.process = process
    this.endpoint = s3
    this.adminEndpoint = admin
    this.chunks = chunks
    this.stop = stop
    this.folder = place.folder
    this.remove = place.remove
  }

  static async start(
    workers: number,
    { argv = [] }: { readonly argv?: readonly string[] } = {},
  ): Promise<ClientServer> {
    const { path: folder, remove } = makeTemporaryDirectory()
    const data = join(folder, 'data')
    try {
      const serving = isCluster
        ? await startCluster(data, argv)
        : await startServer({ data, workers, argv })
      return new ClientServer(serving, { folder, remove })
    } catch (cause) {
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
    const failures = await this.stop()
    this.remove()
    if (failures.length > 0) throw new Error(failures.join('\n'))
  }
}

async function startServer(options: Parameters<typeof startHoldfast>[0]): Promise<Serving> {
  const process = startHoldfast(options)
  const stop = async () => {
    const code = await process.stop()
    return code === 0 ? [] : [`the server ended with ${code}:\n${process.output}`]
  }
  try {
    return { process, ...(await process.listening()), chunks: join(options.data, 'chunks'), stop }
  } catch (cause) {
    await process.stop('SIGKILL')
    throw cause
  }
}

async function startCluster(data: string, argv: readonly string[]): Promise<Serving> {
  const cluster = await Cluster.start({ ...usualPlan, data, argv, rootKey: clientKey })
  const gateways = cluster.of('gateway')
  const balancer = await startBalancer(gateways.map(({ endpoint }) => new URL(endpoint)))
  const [{ process, admin = '' } = assert.fail('a cluster without a gateway')] = gateways
  const stop = async () => {
    await balancer.close()
    return cluster.stop()
  }
  const chunks = join(data, 'chunks-1', 'chunks')
  return { process, s3: balancer.url, admin, chunks, stop }
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
