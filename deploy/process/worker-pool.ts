// The worker processes behind one S3 address: starts them, replaces those that die, stops them.
// The primary accepts connections and hands them out in turn (Node's round robin).
import assert from 'node:assert'
import cluster, { type Worker } from 'node:cluster'
import { randomBytes } from 'node:crypto'
import type { Config } from '../../gateway/config/config.ts'
import type { HostPort } from '../../gateway/config/config-values.ts'
import { settingNames, variableOf } from '../../gateway/config/settings.ts'
import type { TlsPem } from '../../gateway/http/s3-server.ts'
import type { AuditLog } from '../audit/audit-log.ts'
import type { DataDirectoryLock } from '../stores/data-directory.ts'
import { endHandedConnections } from './handed-connections.ts'
import type { Print, S3Service } from './serving.ts'
import { parseFromWorker, type ToWorker } from './worker-messages.ts'

export type WorkerPoolOptions = {
  readonly config: Config
  readonly tls: TlsPem | undefined
  /** Where workers' lines go. Undefined: nobody wants any. */
  readonly audit: AuditLog | undefined
  /** Workers hold the lock file open too: while one of them lives, nobody else gets the directory. */
  readonly lock: DataDirectoryLock
  /** Path of the module that calls `runWorker`. */
  readonly workerModule: string
  readonly print: Print
  /** When it is aborted before all workers listen, they are ended and `start` rejects. */
  readonly stopping: AbortSignal
  /** Told after a process has ended; `living` are the ids of those that have not. */
  readonly onProcessLeft: (left: string, living: ReadonlySet<string>) => Promise<void>
}

/** Names one life of one process. */
export function newProcessId(pid: number): string {
  return `${pid}-${randomBytes(6).toString('hex')}`
}

type Life = { readonly processId: string; readonly startedMs: number }

const restartDelayMinMs = 100
const restartDelayMaxMs = 10_000
/** A worker that has lived this long was well: the next one is started without delay again. */
const wellMs = 60_000
/** So many in a row that end before they listen, while none listens, and there is no use in going on. */
const failedStartsMax = 10
/** How long a worker may take beyond the drain time before it is killed. */
const stopPatienceMs = 8_000

/** What native code ends by that has met what it did not expect. Others are somebody's wish. */
const crashSignals: ReadonlySet<string> = new Set([
  'SIGSEGV',
  'SIGABRT',
  'SIGBUS',
  'SIGILL',
  'SIGFPE',
  'SIGTRAP',
])
const crashHint =
  'if it goes on, stop the server and run holdfast check, for what is stored may be damaged'

/** A worker could not start; the message is the worker's. */
export class WorkerFailed extends Error {
  override readonly name = 'WorkerFailed'
}

/** The server was told to stop before all its workers listened. */
export class StartStopped extends Error {
  override readonly name = 'StartStopped'
}

/** One per process, for `node:cluster` is. Rejects from `start` when a worker cannot start. */
export class WorkerPool implements S3Service {
  private readonly options: WorkerPoolOptions
  private readonly listening = new Set<Worker>()
  private readonly living = new Map<Worker, Life>()
  private tls: TlsPem | undefined
  private listensAt: HostPort | undefined
  private state: 'starting' | 'running' | 'stopping' = 'starting'
  private restartDelayMs = restartDelayMinMs
  private changed: () => void = () => {}
  /** Clearing up after processes that ended, one after the other. Never rejects. */
  private clearing: Promise<void> = Promise.resolve()
  private failure: string | undefined
  private failedStarts = 0
  /** Settles when no worker can be started any more, with the reason of the last one. */
  readonly failed: Promise<string>
  private giveUp: (why: string) => void = () => {}

  private constructor(options: WorkerPoolOptions) {
    this.options = options
    this.tls = options.tls
    this.failed = new Promise((resolve) => {
      this.giveUp = resolve
    })
  }

  /** Resolves when all workers listen. When one cannot, all are ended and it rejects. */
  static async start(options: WorkerPoolOptions): Promise<WorkerPool> {
    cluster.setupPrimary({
      exec: options.workerModule,
      args: [],
      stdio: ['ignore', 'inherit', 'inherit', 'ipc', options.lock.fd],
    })
    const pool = new WorkerPool(options)
    for (let made = 0; made < options.config.workers; made += 1) pool.fork()
    const look = () => pool.changed()
    options.stopping.addEventListener('abort', look)
    await pool.until(
      () =>
        pool.listening.size === options.config.workers ||
        pool.failure !== undefined ||
        options.stopping.aborted,
    )
    options.stopping.removeEventListener('abort', look)
    const why = pool.failure
    if (why !== undefined || options.stopping.aborted) {
      await pool.close(0)
      throw why === undefined ? new StartStopped() : new WorkerFailed(why)
    }
    pool.state = 'running'
    return pool
  }

  get address(): HostPort {
    assert(this.listensAt !== undefined, 'the address is known once workers listen')
    return this.listensAt
  }

  /** How many workers listen now. */
  get listeningCount(): number {
    return this.listening.size
  }

  setTls(tls: TlsPem): void {
    this.tls = tls
    for (const worker of this.living.keys()) tell(worker, { is: 'setTls', tls })
  }

  async close(drainMs: number): Promise<void> {
    this.state = 'stopping'
    for (const worker of this.living.keys()) tell(worker, { is: 'stop', drainMs })
    const timer = setTimeout(() => {
      for (const worker of this.living.keys()) worker.process.kill('SIGKILL')
    }, drainMs + stopPatienceMs)
    await this.until(() => this.living.size === 0)
    clearTimeout(timer)
    await this.clearing
  }

  private fork(): void {
    const worker = cluster.fork(withoutSettings)
    endHandedConnections(worker)
    const processId = newProcessId(worker.process.pid ?? 0)
    this.living.set(worker, { processId, startedMs: performance.now() })
    worker.on('message', (raw) => this.hear(worker, raw))
    worker.on('error', (cause) => this.options.print(`A worker process: ${cause.message}`))
    worker.on('exit', (code, signal) => {
      const how = signal ?? `code ${code}`
      if (!crashSignals.has(how)) return this.replace(worker, how)
      this.options.lock.doubt()
      return this.replace(worker, `${how}: ${crashHint}`)
    })
  }

  private hear(worker: Worker, raw: unknown): void {
    const message = parseFromWorker(raw)
    if (message === undefined) return
    switch (message.is) {
      case 'hears':
        this.answer(worker)
        return
      case 'listening':
        this.listensAt = message.address
        this.listening.add(worker)
        this.failedStarts = 0
        if (this.state === 'running') this.failure = undefined
        break
      case 'audit':
        this.options.audit?.add({ text: message.text, count: message.count })
        tell(worker, { is: 'auditTaken' })
        return
      case 'auditGap':
        this.options.audit?.addGap({ lines: message.lines, sinceMs: message.sinceMs })
        return
      case 'failed':
        if (this.state === 'starting') this.failure ??= message.why
        else {
          this.failure = message.why
          this.options.print(`A worker process could not start: ${message.why}`)
        }
        break
      default:
        message satisfies never
    }
    this.changed()
  }

  private answer(worker: Worker): void {
    const life = this.living.get(worker)
    if (this.state === 'stopping' || life === undefined) {
      tell(worker, { is: 'stop', drainMs: 0 })
      return
    }
    const { audit } = this.options
    const config = { ...this.options.config, rootKey: undefined, audit: { to: 'none' as const } }
    const tls = this.tls === undefined ? {} : { tls: this.tls }
    const isAudited = audit !== undefined
    tell(worker, { is: 'start', config, processId: life.processId, isAudited, ...tls })
  }

  private replace(worker: Worker, how: string): void {
    const life = this.living.get(worker)
    const livedMs = performance.now() - (life?.startedMs ?? 0)
    if (livedMs > wellMs) this.restartDelayMs = restartDelayMinMs
    this.living.delete(worker)
    if (!this.listening.delete(worker)) this.noteFailedStart(how)
    if (this.state === 'running') {
      if (life !== undefined) this.clearUp(life.processId)
      const delayMs = this.restartDelayMs
      this.restartDelayMs = Math.min(delayMs * 2, restartDelayMaxMs)
      this.options.print(`Worker process ${worker.process.pid} ended (${how}); starting another.`)
      setTimeout(() => void this.forkWhenCleared(), delayMs)
    }
    this.changed()
  }

  private noteFailedStart(how: string): void {
    this.failure ??= `A worker process ended (${how}) while starting.`
    this.failedStarts += 1
    const isHopeless = this.failedStarts >= failedStartsMax && this.listening.size === 0
    if (this.state === 'running' && isHopeless) {
      this.giveUp(`No worker process can be started any more. ${this.failure}`)
    }
  }

  private clearUp(left: string): void {
    this.clearing = this.clearing.then(async () => {
      const living = new Set([...this.living.values()].map(({ processId }) => processId))
      try {
        await this.options.onProcessLeft(left, living)
      } catch (cause) {
        const why = cause instanceof Error ? cause.message : String(cause)
        this.options.print(`What the process has left could not be cleared up: ${why}`)
      }
    })
  }

  /** A process that starts while a clearing runs is not among its living: its work would be undone. */
  private async forkWhenCleared(): Promise<void> {
    let clearing: Promise<void> | undefined
    while (clearing !== this.clearing) {
      clearing = this.clearing
      await clearing
    }
    if (this.state === 'running') this.fork()
  }

  private async until(condition: () => boolean): Promise<void> {
    while (!condition()) {
      await new Promise<void>((resolve) => {
        this.changed = resolve
      })
    }
  }
}

function tell(worker: Worker, message: ToWorker): void {
  // The channel of a dying worker may be closed already; its exit is handled on its own.
  if (worker.isConnected()) worker.send(message, () => {})
}

/** Secrets among the settings are not for workers: the configuration reaches them by message. */
const withoutSettings = Object.fromEntries(
  settingNames.map((name) => [variableOf(name), undefined]),
)
