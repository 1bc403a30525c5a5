// A MongoDB for tests: the one of `MONGODB_URI`, else a `mongod` on the PATH, else the stand-in, of which
// `docs/development.md` says what it lacks. It says which. With HOLDFAST_REQUIRE_CLUSTER=1 there must be one.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, rmSync } from 'node:fs'
import { mkdtemp, rm, statfs, writeFile } from 'node:fs/promises'
import { createServer, Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { MongoClient } from 'mongodb'
import { emulateSnapshots } from './stand-in-snapshots.ts'

export type MongoServer = {
  /** With a database of its own name, when `forDatabase` made it so. */
  readonly uri: string
  readonly kind: 'given' | 'given stand-in' | 'mongod' | 'stand-in'
  forDatabase(name: string): string
  /** SIGKILL, as in a crash. Not of one that was given. */
  kill(): Promise<void>
  /** On the same port and data. */
  restart(flags?: MongoFlags): Promise<void>
  stop(): Promise<void>
}

/** Beyond those that every server has: who may connect, and how. */
export type MongoFlags = {
  readonly asksForPasswords?: true
  readonly tls?: {
    readonly certificate: string
    readonly key: string
    /** Both of them, in one file. */
    readonly certificateAndKey: string
    readonly authority: string
    readonly asksForCertificates?: true
  }
}

/** Beside this repository (`docs/development.md`). */
const standIn =
  process.env.HOLDFAST_STAND_IN ??
  fileURLToPath(new URL('../../../../shared/bin/secantusd-rs', import.meta.url))
const startMs = 30_000
const roomBytes = 4 * 2 ** 30

/** One that is killed or restarted. With `MONGODB_URI` alone there is none. */
export async function startOwnMongoServer(): Promise<MongoServer> {
  const program = findProgram()
  if (program === undefined) throw new Error('no MongoDB to be started: put `mongod` on the PATH')
  return OwnServer.start(program)
}

export async function startMongoServer(): Promise<MongoServer> {
  const given = process.env.MONGODB_URI
  if (given !== undefined) {
    // The set of which the stand-in says that it is.
    const kind = /[?&]replicaSet=secantus\b/.test(given) ? 'given stand-in' : 'given'
    if (kind !== 'given') emulateSnapshots()
    return {
      ...{ uri: given, kind, forDatabase: (name) => withDatabase(given, name) },
      kill: async () => Promise.reject(new Error('a server that was given is not killed')),
      restart: async () => {},
      stop: async () => {},
    }
  }
  const program = findProgram()
  if (program === undefined) {
    throw new Error('no MongoDB: set MONGODB_URI, or put `mongod` on the PATH')
  }
  console.log(`MongoDB for tests: ${program.kind}`)
  if (program.kind === 'stand-in') emulateSnapshots()
  return OwnServer.start(program)
}

type Program = { readonly kind: 'mongod' | 'stand-in'; readonly path: string }

function findProgram(): Program | undefined {
  if (spawnSync('mongod', ['--version']).status === 0) return { kind: 'mongod', path: 'mongod' }
  if (existsSync(standIn)) return { kind: 'stand-in', path: standIn }
  const slow = spawnSync('secantusd-py', ['--help'])
  return slow.status === 0 ? { kind: 'stand-in', path: 'secantusd-py' } : undefined
}

/** Whether tests that need one can run here. */
export function hasMongo(): boolean {
  return process.env.MONGODB_URI !== undefined || findProgram() !== undefined
}

class OwnServer implements MongoServer {
  readonly kind: 'mongod' | 'stand-in'
  readonly uri: string
  readonly #path: string
  readonly #directory: string
  readonly #port: number
  #process: ChildProcess | undefined

  private constructor({ kind, path }: Program, directory: string, port: number) {
    this.kind = kind
    this.#path = path
    this.#directory = directory
    this.#port = port
    const set = kind === 'mongod' ? 'holdfast' : 'secantus'
    this.uri = `mongodb://127.0.0.1:${port}/?replicaSet=${set}`
  }

  static async start(program: Program): Promise<OwnServer> {
    const directory = await mkdtemp(join(await roomyDirectory(), 'holdfast-mongo-'))
    const server = new OwnServer(program, directory, await portBelow())
    await server.restart()
    if (program.kind === 'mongod') await server.#makeReplicaSet()
    return server
  }

  forDatabase(name: string): string {
    return withDatabase(this.uri, name)
  }

  async restart(flags: MongoFlags = {}): Promise<void> {
    const port = String(this.#port)
    const args =
      this.kind === 'mongod'
        ? [
            '--dbpath',
            this.#directory,
            '--bind_ip',
            '127.0.0.1',
            '--port',
            port,
            '--replSet',
            'holdfast',
          ]
        : [
            '--host',
            '127.0.0.1',
            '--port',
            port,
            '--storage-path',
            this.#directory,
            '--sync-on-commit',
            '--cache-size',
            '256M',
          ]
    const more = this.kind === 'mongod' ? await this.#ofMongod(flags) : ofStandIn(flags)
    const child = spawn(this.#path, [...args, ...more], { stdio: ['ignore', 'pipe', 'pipe'] })
    this.#process = child
    // With its directory, which may lie in memory: nobody is left to remove it.
    const endWithTests = () => {
      child.kill('SIGKILL')
      rmSync(this.#directory, { recursive: true, force: true, maxRetries: 3 })
    }
    process.once('exit', endWithTests)
    child.once('exit', () => process.removeListener('exit', endWithTests))
    await ready(child)
    // It ends with the tests, and does not keep them from ending.
    child.unref()
    for (const stream of [child.stdout, child.stderr]) {
      if (stream instanceof Socket) stream.unref()
    }
  }

  /** Members of a replica set that asks for passwords have a secret of their own. */
  async #ofMongod({ asksForPasswords, tls }: MongoFlags): Promise<readonly string[]> {
    const keyFile = join(this.#directory, 'members.key')
    if (asksForPasswords) await writeFile(keyFile, 'members'.repeat(4), { mode: 0o400, flag: 'w' })
    return [
      ...(asksForPasswords ? ['--auth', '--keyFile', keyFile] : []),
      ...(tls === undefined
        ? []
        : [
            ...['--tlsMode', 'requireTLS', '--tlsCertificateKeyFile', tls.certificateAndKey],
            ...['--tlsCAFile', tls.authority],
            ...(tls.asksForCertificates ? [] : ['--tlsAllowConnectionsWithoutCertificates']),
          ]),
    ]
  }

  async kill(): Promise<void> {
    await this.#end('SIGKILL')
  }

  async stop(): Promise<void> {
    await this.#end('SIGKILL')
    await rm(this.#directory, { recursive: true, force: true })
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#process
    this.#process = undefined
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
    const ended = once(child, 'exit')
    // Else this process could be over before.
    child.ref()
    child.kill(signal)
    await ended
  }

  async #makeReplicaSet(): Promise<void> {
    const client = new MongoClient(`mongodb://127.0.0.1:${this.#port}/?directConnection=true`)
    const members = [{ _id: 0, host: `127.0.0.1:${this.#port}` }]
    await client.db('admin').command({ replSetInitiate: { _id: 'holdfast', members } })
    await client.close()
  }
}

function ofStandIn({ asksForPasswords, tls }: MongoFlags): readonly string[] {
  return [
    ...(asksForPasswords ? ['--auth'] : []),
    ...(tls === undefined
      ? []
      : [
          ...['--tls-cert-file', tls.certificate, '--tls-key-file', tls.key],
          ...(tls.asksForCertificates
            ? ['--tls-ca-file', tls.authority, '--tls-require-client-cert']
            : []),
        ]),
  ]
}

/** It says so, on its output. */
/** A server says that it listens on one of its two outputs, each kind of it on another. */
async function ready(child: ChildProcess): Promise<void> {
  const late = AbortSignal.timeout(startMs)
  const outputs = [child.stdout, child.stderr].filter((stream) => stream !== null)
  let said = ''
  const listens = new Promise<void>((resolve) => {
    for (const stream of outputs) {
      stream.on('data', (chunk) => {
        // What it says afterwards is nobody's.
        if (/listening on|Waiting for connections/.test(said)) return
        said += String(chunk)
        if (/listening on|Waiting for connections/.test(said)) resolve()
      })
    }
  })
  await Promise.race([
    listens,
    once(child, 'exit', { signal: late }).then(() => {
      throw new Error(`MongoDB ended before it listened: ${said}`)
    }),
  ])
}

function withDatabase(uri: string, name: string): string {
  const url = new URL(uri)
  url.pathname = `/${name}`
  // Tests ask for thousands of things at once, on machines that do much besides.
  for (const wait of ['waitQueueTimeoutMS', 'socketTimeoutMS']) url.searchParams.set(wait, '60000')
  return url.href
}

/**
 * In memory, where there is room: what these tests kill is the server, and never the machine. Syncs to a disk are most of
 * what they would wait for.
 */
async function roomyDirectory(): Promise<string> {
  const memory = '/dev/shm'
  const found = await statfs(memory).catch(() => undefined)
  const isRoomy = found !== undefined && found.bavail * found.bsize >= roomBytes
  return isRoomy ? memory : tmpdir()
}

/** Below those that the system gives to clients, which the stand-in takes for its own. */
async function portBelow(): Promise<number> {
  for (;;) {
    const port = randomInt(20_000, 32_000)
    const server = createServer()
    const isFree = await new Promise<boolean>((resolve) => {
      server.once('error', () => resolve(false))
      server.listen(port, '127.0.0.1', () => resolve(true))
    })
    if (!isFree) continue
    server.close()
    await once(server, 'close')
    return port
  }
}
