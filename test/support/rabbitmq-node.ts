// A RabbitMQ node of a test's own: on free ports of 127.0.0.1, in a directory of its own, with an epmd of its own, so
// that it knows nothing of others on this machine. It can be killed, paused, started again and wiped. Where AMQP_URL
// is set that server is used instead, and none of this can be done to it. Where there is no RabbitMQ, tests say so
// and pass, unless HOLDFAST_REQUIRE_CLUSTER is set, as it is in CI.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, rmSync } from 'node:fs'
import { mkdir, mkdtemp, open, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { freePort } from './free-port.ts'

const readyMs = 120_000
/** Debian puts a wrapper on the PATH that changes to a user of its own, and the program here. */
const binaries = ['/usr/lib/rabbitmq/bin/rabbitmq-server']

/** `settings`: more lines of `rabbitmq.conf`. Undefined: there is none, and none is demanded. */
export async function startRabbitmq(
  settings: readonly string[] = [],
): Promise<RabbitmqNode | undefined> {
  const program = findProgram()
  if (program !== undefined) return RabbitmqNode.start(program, settings)
  if (process.env.HOLDFAST_REQUIRE_CLUSTER) throw new Error('RabbitMQ is demanded and missing')
  console.log('not run: RabbitMQ is not installed (Debian: rabbitmq-server)')
  return undefined
}

export type AnyBroker = {
  readonly url: string
  /** Absent: it is not ours. */
  readonly node?: RabbitmqNode
  stop(): Promise<void>
}

/** A server that AMQP_URL names, or else a node of its own. Undefined: neither, and none is demanded. */
export async function anyRabbitmq(): Promise<AnyBroker | undefined> {
  const url = process.env.AMQP_URL
  if (url !== undefined) {
    console.log('RabbitMQ: the one of AMQP_URL')
    return { url, stop: () => Promise.resolve() }
  }
  const node = await startRabbitmq()
  return node && { url: node.url, node, stop: () => node.stop() }
}

function findProgram(): string | undefined {
  const onPath = (process.env.PATH ?? '')
    .split(delimiter)
    .map((each) => join(each, 'rabbitmq-server'))
  return [...binaries, ...onPath].find((path) => existsSync(path))
}

type Ports = { readonly amqp: number; readonly dist: number; readonly epmd: number }

export class RabbitmqNode {
  readonly #program: string
  readonly #directory: string
  readonly #ports: Ports
  readonly #settings: string
  #epmd: ChildProcess | undefined
  #server: ChildProcess | undefined

  private constructor(
    program: string,
    { directory, ports, settings }: { directory: string; ports: Ports; settings: string },
  ) {
    this.#program = program
    this.#directory = directory
    this.#ports = ports
    this.#settings = settings
    process.on('exit', () => this.#killAll())
  }

  static async start(program: string, settings: readonly string[]): Promise<RabbitmqNode> {
    const directory = await mkdtemp(join(tmpdir(), 'holdfast-rabbitmq-'))
    const ports = { amqp: await freePort(), dist: await freePort(), epmd: await freePort() }
    const lines = [
      `listeners.tcp.1 = 127.0.0.1:${ports.amqp}`,
      'disk_free_limit.absolute = 50MB',
      'vm_memory_high_watermark.absolute = 512MB',
      'log.file.level = warning',
      ...settings,
    ]
    const node = new RabbitmqNode(program, { directory, ports, settings: `${lines.join('\n')}\n` })
    try {
      await node.boot()
    } catch (cause) {
      await node.stop()
      throw cause
    }
    console.log(`RabbitMQ: ${await node.version()}, a node of its own`)
    return node
  }

  get port(): number {
    return this.#ports.amqp
  }

  get url(): string {
    return `amqp://guest:guest@127.0.0.1:${this.#ports.amqp}`
  }

  async version(): Promise<string> {
    const match = /RabbitMQ (\d[\d.]*)/.exec(await this.log())
    return match?.[1] ?? 'of an unknown version'
  }

  async log(): Promise<string> {
    return readFile(join(this.#directory, 'out.log'), 'utf8').catch(() => '')
  }

  /** Starts it on what it has on the disk; resolves when it serves. */
  async boot(): Promise<void> {
    const at = (name: string) => join(this.#directory, name)
    for (const name of ['mnesia', 'log', 'home']) await mkdir(at(name), { recursive: true })
    await writeFile(at('rabbitmq.conf'), this.#settings)
    await writeFile(at('enabled_plugins'), '[].\n')
    const env = this.#environment()
    // One that the node would start would outlive it.
    this.#epmd ??= spawn('epmd', ['-port', env.ERL_EPMD_PORT, '-address', '127.0.0.1'], {
      stdio: 'ignore',
      env,
    })
    const log = await open(at('out.log'), 'a')
    this.#server = spawn(this.#program, [], { stdio: ['ignore', log.fd, log.fd], env })
    await log.close()
    // Whoever forgets to stop them is not kept alive by them, and ends them when it ends.
    this.#server.unref()
    this.#epmd.unref()
    await this.#ready()
  }

  async kill(): Promise<void> {
    const server = this.#server
    this.#server = undefined
    if (server === undefined || server.exitCode !== null || server.signalCode !== null) return
    server.ref()
    const ended = once(server, 'exit')
    server.kill('SIGKILL')
    await ended
  }

  /** It keeps its connections, and answers nothing. */
  async pause(): Promise<void> {
    const pid = this.#server?.pid
    if (pid === undefined) return
    this.#server?.kill('SIGSTOP')
    // Its threads stop one by one.
    while (!(await isStopped(pid))) await wait(5)
  }

  resume(): void {
    this.#server?.kill('SIGCONT')
  }

  async restart(): Promise<void> {
    await this.kill()
    await this.boot()
  }

  /** Killed, and started without anything that it had. */
  async wipe(): Promise<void> {
    await this.kill()
    await rm(join(this.#directory, 'mnesia'), { recursive: true, force: true })
    await this.boot()
  }

  /** Runs `rabbitmqctl` on it. */
  async control(...argv: readonly string[]): Promise<void> {
    const program = join(dirname(this.#program), 'rabbitmqctl')
    const child = spawn(program, argv, { stdio: 'ignore', env: this.#environment() })
    const [code] = await once(child, 'exit')
    if (code !== 0) throw new Error(`rabbitmqctl ${argv.join(' ')} ended with ${code}`)
  }

  async stop(): Promise<void> {
    await this.kill()
    this.#epmd?.kill('SIGKILL')
    this.#epmd = undefined
    await rm(this.#directory, { recursive: true, force: true, maxRetries: 5 })
  }

  #environment() {
    const at = (name: string) => join(this.#directory, name)
    return {
      PATH: process.env.PATH,
      LANG: 'C.UTF-8',
      HOME: at('home'),
      RABBITMQ_NODENAME: 'test@localhost',
      RABBITMQ_MNESIA_BASE: at('mnesia'),
      RABBITMQ_LOG_BASE: at('log'),
      RABBITMQ_CONFIG_FILE: at('rabbitmq'),
      RABBITMQ_ENABLED_PLUGINS_FILE: at('enabled_plugins'),
      RABBITMQ_PID_FILE: at('node.pid'),
      // The script becomes the server then, and its pid is the server's.
      RUNNING_UNDER_SYSTEMD: 'true',
      RABBITMQ_DIST_PORT: String(this.#ports.dist),
      ERL_EPMD_PORT: String(this.#ports.epmd),
      ERL_EPMD_ADDRESS: '127.0.0.1',
      ERL_CRASH_DUMP_BYTES: '0',
      RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS:
        '-kernel inet_dist_use_interface {127,0,0,1} +S 2:2 +sbwt none',
    }
  }

  #killAll(): void {
    this.#server?.kill('SIGKILL')
    this.#epmd?.kill('SIGKILL')
    rmSync(this.#directory, { recursive: true, force: true, maxRetries: 5 })
  }

  /** It serves when it answers to the first bytes of its protocol. */
  async #ready(): Promise<void> {
    const deadline = Date.now() + readyMs
    while (!(await greets(this.#ports.amqp))) {
      const hasEnded = this.#server?.exitCode !== null
      if (hasEnded || Date.now() > deadline) {
        throw new Error(`RabbitMQ does not start:\n${await this.log()}`)
      }
      await wait(100)
    }
  }
}

async function isStopped(pid: number): Promise<boolean> {
  const threads = await readdir(`/proc/${pid}/task`)
  const stats = await Promise.all(
    threads.map((thread) =>
      readFile(`/proc/${pid}/task/${thread}/stat`, 'utf8').catch(() => ') T'),
    ),
  )
  // Behind the name, which stands in brackets.
  return stats.every(
    (stat) => stat.slice(stat.lastIndexOf(')') + 2, stat.lastIndexOf(')') + 3) === 'T',
  )
}

async function greets(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1')
  try {
    socket.write('AMQP\0\0\x09\x01')
    const [answer] = await once(socket, 'data', { signal: AbortSignal.timeout(2_000) })
    return Buffer.isBuffer(answer) && answer[0] === 1
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}
