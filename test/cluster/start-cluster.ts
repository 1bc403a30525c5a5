// Starts the parts of a cluster as processes on this machine, by their command lines: metadata services, a data node,
// gateways, workers; and the database and the broker, where none is named.
import { randomBytes } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { startMongoServer } from '../support/mongo-server.ts'
import { anyRabbitmq } from '../support/rabbitmq-node.ts'
import { StartedServer } from '../support/started-server.ts'

export type ClusterPlan = {
  /** A directory for all of them, made if need be. */
  readonly data: string
  /** Where the metadata are: in a database, or in a directory behind the one service that there can be then. */
  readonly metadata: 'mongodb' | 'lmdb'
  readonly tasks: 'rabbitmq' | 'embedded'
  readonly services: number
  readonly gateways: number
  readonly workers: number
  /** Of the root user. */
  readonly rootKey: { readonly accessKeyId: string; readonly secretAccessKey: string }
  readonly argv?: readonly string[]
}

export const usualPlan = {
  metadata: 'mongodb',
  tasks: 'rabbitmq',
  services: 2,
  gateways: 2,
  workers: 2,
} as const

export type PartRole = 'metadata' | 'datanode' | 'gateway' | 'worker'

export type ClusterPart = {
  /** As `gateway-1`. */
  readonly name: string
  readonly role: PartRole
  readonly process: StartedServer
  readonly endpoint: string
  /** Where it says how it is, if that is another place. */
  readonly admin?: string
  /** The same again, after its end; at the same addresses. */
  readonly again: () => Promise<ClusterPart>
}

const program = fileURLToPath(new URL('../../deploy/holdfast.js', import.meta.url))
const snapshots = new URL('../support/emulated-snapshots.js', import.meta.url).href

export class Cluster {
  readonly parts: ClusterPart[]
  readonly #closers: readonly (() => Promise<unknown>)[]

  private constructor(parts: ClusterPart[], closers: readonly (() => Promise<unknown>)[]) {
    this.parts = parts
    this.#closers = closers
  }

  /** Resolves when all of them are ready; rejects, with everything stopped, when one cannot start. */
  static async start(plan: ClusterPlan): Promise<Cluster> {
    const parts: ClusterPart[] = []
    const closers: (() => Promise<unknown>)[] = []
    const cluster = new Cluster(parts, closers)
    try {
      await startAll(plan, { parts, closers })
      return cluster
    } catch (cause) {
      await cluster.stop()
      throw cause
    }
  }

  of(role: PartRole): readonly ClusterPart[] {
    return this.parts.filter((part) => part.role === role)
  }

  /** Starts a part again that has ended. */
  async restart(part: ClusterPart): Promise<ClusterPart> {
    const again = await part.again()
    this.parts[this.parts.indexOf(part)] = again
    return again
  }

  /** Those that are called last first. */
  async stop(): Promise<readonly string[]> {
    const failures: string[] = []
    for (const { name, process } of [...this.parts].reverse()) {
      const isKilled = process.child.signalCode !== null
      const code = await process.stop()
      if (code !== 0 && !isKilled) failures.push(`${name} ended with ${code}:\n${process.output}`)
    }
    for (const close of [...this.#closers].reverse()) await close()
    return failures
  }
}

type Starting = {
  readonly parts: ClusterPart[]
  readonly closers: (() => Promise<unknown>)[]
}

async function startAll(plan: ClusterPlan, starting: Starting): Promise<void> {
  const data = resolve(plan.data)
  mkdirSync(data, { recursive: true, mode: 0o700 })
  const secretFile = join(data, 'cluster-secret')
  writeFileSync(secretFile, randomBytes(32).toString('hex'), { mode: 0o600 })
  const secret = ['--cluster-secret-file', secretFile]
  const { location, env } = await startMetadata(plan, { ...starting, data })
  const tasks = await startTasks(plan, starting)
  const services = await startParts('metadata', plan.metadata === 'lmdb' ? 1 : plan.services, {
    ...starting,
    env,
    argv: () => ['--metadata', location, ...secret],
  })
  const metadata = ['--metadata', services.map(({ endpoint }) => endpoint).join(','), ...secret]
  const [node] = await startParts('datanode', 1, {
    ...{ ...starting, env: {} },
    argv: () => [...metadata, '--data', join(data, 'chunks-1')],
  })
  const shared = [
    ...metadata,
    ...['--chunks', node?.endpoint ?? '', '--master-key-file', join(data, 'master.key')],
    ...(plan.argv ?? []),
  ]
  const keys = {
    HOLDFAST_ROOT_ACCESS_KEY: plan.rootKey.accessKeyId,
    HOLDFAST_ROOT_SECRET_KEY: plan.rootKey.secretAccessKey,
  }
  await startParts('gateway', plan.gateways, { ...starting, env: keys, argv: () => shared })
  const tasksEnv = { HOLDFAST_TASKS: tasks }
  await startParts('worker', plan.workers, { ...starting, env: tasksEnv, argv: () => shared })
}

async function startMetadata(
  { metadata }: ClusterPlan,
  { closers, data }: Starting & { readonly data: string },
): Promise<{ location: string; env: Readonly<Record<string, string>> }> {
  if (metadata === 'lmdb') return { location: `lmdb:${join(data, 'metadata')}`, env: {} }
  const server = await startMongoServer()
  closers.push(() => server.stop())
  const location = server.forDatabase(`holdfast_${randomBytes(6).toString('hex')}`)
  const init = new StartedServer({
    program,
    argv: ['metadata', 'init', '--metadata', location],
  })
  const code = await init.end()
  if (code !== 0) throw new Error(`the database could not be prepared:\n${init.output}`)
  const env: Record<string, string> = server.kind.endsWith('stand-in')
    ? { NODE_OPTIONS: `--import=${snapshots}` }
    : {}
  return { location, env }
}

async function startTasks({ tasks }: ClusterPlan, { closers }: Starting): Promise<string> {
  if (tasks === 'embedded') return 'embedded:'
  const broker = await anyRabbitmq()
  if (broker === undefined) return 'embedded:'
  closers.push(() => broker.stop())
  return broker.url
}

type PartPlan = Starting & {
  readonly env: Readonly<Record<string, string>>
  readonly argv: () => readonly string[]
}

async function startParts(
  role: PartRole,
  count: number,
  { parts, env, argv }: PartPlan,
): Promise<readonly ClusterPart[]> {
  const started: ClusterPart[] = []
  for (let number = 1; number <= count; number += 1) {
    const name = `${role}-${number}`
    const part = await startPart({ name, role, env, argv: argv(), addresses: anywhere(role) })
    started.push(part)
    parts.push(part)
  }
  return started
}

function anywhere(role: PartRole): readonly string[] {
  const admin = ['--admin-listen', '127.0.0.1:0']
  if (role === 'worker') return admin
  return ['--listen', '127.0.0.1:0', ...(role === 'gateway' ? admin : [])]
}

type PartStart = {
  readonly name: string
  readonly role: PartRole
  readonly env: Readonly<Record<string, string>>
  readonly argv: readonly string[]
  readonly addresses: readonly string[]
}

const readyLine = {
  metadata: /^Listening: metadata (\S+)()$/m,
  datanode: /^Listening: datanode (\S+)()$/m,
  gateway: /^Listening: s3 (\S+) admin (\S+)$/m,
  worker: /^Listening: worker admin (\S+)()$/m,
} as const

async function startPart(start: PartStart): Promise<ClusterPart> {
  const { name, role, env, argv, addresses } = start
  const process = new StartedServer({ program, argv: [role, ...argv, ...addresses], env })
  try {
    const [, endpoint = '', admin = ''] = await process.printed(readyLine[role])
    const again = () => startPart({ ...start, addresses: keptAddresses(role, endpoint, admin) })
    const part = { name, role, process, endpoint, again }
    return admin === '' ? part : { ...part, admin }
  } catch (cause) {
    await process.stop('SIGKILL')
    throw cause
  }
}

/** So that others find it where it was. */
function keptAddresses(role: PartRole, endpoint: string, admin: string): readonly string[] {
  const host = (url: string) => new URL(url).host
  switch (role) {
    case 'worker':
      return ['--admin-listen', host(endpoint)]
    case 'gateway':
      return ['--listen', host(endpoint), '--admin-listen', host(admin)]
    case 'metadata':
    case 'datanode':
      return ['--listen', host(endpoint)]
    default:
      return role satisfies never
  }
}
