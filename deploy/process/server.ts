// `holdfast server`: takes the data directory, opens the engines, starts the processes that serve S3,
// tells how to connect, and stops it all in order. Knows engines and S3 only by `serving.ts`.
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { dirname } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Config } from '../../gateway/config/config.ts'
import type { HostPort } from '../../gateway/config/config-values.ts'
import { createHealthApp, type Readiness } from '../../gateway/http/admin-health.ts'
import type { TlsPem } from '../../gateway/http/s3-server.ts'
import { type AuditLog, addTo } from '../audit/audit-log.ts'
import { auditDetails, openAuditLog } from '../audit/open-audit-log.ts'
import { StopClock } from '../audit/stop-clock.ts'
import {
  type DataDirectoryLock,
  DataDirectoryRefused,
  lockDataDirectory,
} from '../stores/data-directory.ts'
import { DirectoryNotMade, makeDirectory } from '../stores/make-directory.ts'
import { requireOwnDirectory, requireRestored } from '../stores/store-marker.ts'
import { type AdminListener, listenAdmin } from './admin-listener.ts'
import { connectText, urlOf } from './connect-text.ts'
import { requireFreeAddresses } from './listen-failure.ts'
import { openLog } from './log.ts'
import { OnlyProcess } from './only-process.ts'
import { prepareRootUser } from './root-user.ts'
import { runningAlready } from './running-already.ts'
import type { Engines, OpenEngines, Print, S3Listener, S3Service } from './serving.ts'
import { onStopSignals } from './stop-signals.ts'
import { readTlsFiles } from './tls-files.ts'
import {
  newProcessId,
  StartStopped,
  WorkerFailed,
  WorkerPool,
  type WorkerPoolOptions,
} from './worker-pool.ts'

export type ServerOptions = {
  readonly config: Config
  readonly openEngines: OpenEngines
  /** Path of the module that calls `runWorker` with the same engines. */
  readonly workerModule: string
  readonly version: string
  readonly print: Print
}

/** Runs until a signal has stopped it. Rejects when it cannot start; everything is closed then. */
export async function runServer(options: ServerOptions): Promise<void> {
  const { config, print } = options
  // Until engines are open, signals do what the system does by itself: a start that hangs in the middle of
  // a system call, or goes round in a circle, could not hear them.
  print(`Holdfast ${options.version} starts; its data is in ${config.dataDirectory}.`)
  await requireFreeAddresses(config, { ifTaken: () => runningAlready(config.dataDirectory) })
  const tls = config.tls && (await readTlsFiles(config.tls))
  // What was opened last is closed first, also when a later step fails.
  const closers: Closers = []
  try {
    const opened = await open(options, closers).catch((cause: unknown) => {
      throw namingDirectory(config, cause)
    })
    const stopping = new AbortController()
    onStopSignals(
      () => {
        print('Stopping; requests under way may end. A second signal stops at once.')
        stopping.abort()
      },
      () => process.exit(1),
    )
    const { failed } = await start(options, { ...opened, tls, stopping: stopping.signal }, closers)
    const why = await Promise.race([failed, aborted(stopping.signal)])
    if (why !== undefined) throw new WorkerFailed(why)
  } catch (cause) {
    if (!(cause instanceof StartStopped)) throw cause
  } finally {
    for (const close of closers.reverse()) await close()
  }
  print('Stopped.')
}

/** What the system refuses without saying where: a file system that does not do what others do. */
function namingDirectory({ dataDirectory }: Config, cause: unknown): unknown {
  const isUnplaced = cause instanceof Error && 'syscall' in cause && !('path' in cause)
  if (!isUnplaced) return cause
  const what = `The data directory ${dataDirectory} cannot be used: ${cause.message}.`
  const hint = 'Its file system may not do what is needed: locks, syncs, files mapped into memory.'
  return new DataDirectoryRefused(`${what} ${hint}`, { cause })
}

/** What was not well had ended by then. */
const wellMs = 60_000

type Closers = (() => Promise<void> | void)[]
type Opened = { readonly lock: DataDirectoryLock; readonly engines: Engines }

async function open(options: ServerOptions, closers: Closers): Promise<Opened> {
  const { config } = options
  await requireOwnDirectory(config.dataDirectory, filesOf(config))
  await requireRestored(config.dataDirectory)
  const lock = await lockDataDirectory(config.dataDirectory, {
    pid: process.pid,
    wait: sleep,
    as: 'server',
  })
  closers.push(() => lock.release())
  makeKeyDirectory(config)
  if (lock.mustReadAll) {
    options.print('The metadata were not closed in order, or changed since: all are read first.')
  }
  const engines = await options.openEngines(config, {
    role: config.workers === 1 ? 'whole' : 'primary',
    processId: newProcessId(process.pid),
    readAll: lock.mustReadAll,
  })
  lock.foundSound()
  closers.push(() => engines.close())
  return { lock, engines }
}

function makeKeyDirectory({ masterKeyFile }: Config): void {
  try {
    makeDirectory(dirname(masterKeyFile))
  } catch (cause) {
    if (!(cause instanceof DirectoryNotMade)) throw cause
    throw new DirectoryNotMade(`--master-key-file ${masterKeyFile}: ${cause.message}`, { cause })
  }
}

type Starting = Opened & {
  readonly tls: TlsPem | undefined
  /** Aborted when the server is to stop, also while it starts. */
  readonly stopping: AbortSignal
}

/**
 * Starts everything behind the engines. The promise in its answer tells why S3 cannot be served any
 * more, should that come. Throws `StartStopped`.
 */
async function start(
  options: ServerOptions,
  starting: Starting,
  closers: Closers,
): Promise<{ readonly failed: Promise<string> }> {
  const { config, print } = options
  const { engines, tls } = starting
  const audit = await openAuditLog(config.audit, openLog(config.logLevel))
  const stop = new StopClock(config.drainMs)
  closers.push(() => audit?.close(stop.leftMs))
  const state: State = { engines, audit, s3: undefined, wanted: config.workers }
  const health = createHealthApp(() => readinessOf(state))
  const api = engines.adminApi({ audit: addTo(audit) })
  const admin = await listenAdmin({ health, api }, config.adminListen)
  closers.push(() => admin.close())

  const user = await prepareRootUser({
    tenants: engines.tenants,
    masterKey: engines.masterKey,
    wanted: config.rootKey,
    random: randomBytes,
    nowMs: Date.now(),
  })
  const scheme = tls === undefined ? 'http' : 'https'
  const tellKey = (address: HostPort) => {
    if (user.is === 'created')
      print(connectText({ config, user, endpoint: urlOf(address, scheme) }))
  }
  const s3 = await startS3(options, { ...starting, audit }).catch((cause: unknown) => {
    // It has been made, and is told only this once.
    tellKey(config.listen)
    throw cause
  })
  closers.push(() => {
    state.s3 = undefined
    stop.begin()
    return s3.close(config.drainMs)
  })
  engines.startBackgroundWork()
  state.s3 = s3
  setTimeout(() => starting.lock.served(), wellMs).unref()
  followTlsFiles(options, s3)
  process.on('SIGHUP', () => audit?.reopen())
  tellKey(s3.address)
  print(listeningLine(urlOf(s3.address, scheme), { admin, workers: config.workers }))
  return { failed: s3.failed }
}

async function aborted(signal: AbortSignal): Promise<undefined> {
  if (!signal.aborted) await once(signal, 'abort')
}

/** Those that the operator may well keep in the data directory. */
function filesOf({ configFile, masterKeyFile, tls, audit }: Config): readonly string[] {
  const auditFile = audit.to === 'file' ? audit.path : undefined
  return [configFile, masterKeyFile, tls?.certFile, tls?.keyFile, auditFile].filter(
    (path) => path !== undefined,
  )
}

/** Scripts may rely on this line; it is printed once everything serves. */
function listeningLine(
  endpoint: string,
  { admin, workers }: { readonly admin: AdminListener; readonly workers: number },
): string {
  return `Listening: s3 ${endpoint} admin ${urlOf(admin.address, 'http')} workers ${workers}`
}

async function startS3(
  { config, workerModule, print }: ServerOptions,
  { engines, lock, tls, stopping, audit }: Starting & { readonly audit: AuditLog | undefined },
): Promise<S3Service> {
  if (stopping.aborted) throw new StartStopped()
  const pool: WorkerPoolOptions = {
    ...{ config, stopping, tls, audit, lock, workerModule, print },
    onProcessLeft: (left, living) => engines.processLeft(left, living),
  }
  return config.workers === 1 ? OnlyProcess.start(engines, pool) : WorkerPool.start(pool)
}

type State = {
  readonly engines: Engines
  readonly audit: AuditLog | undefined
  readonly wanted: number
  s3: S3Service | undefined
}

async function readinessOf({ engines, audit, wanted, s3 }: State): Promise<Readiness> {
  const up = s3?.listeningCount ?? 0
  const workers = { workersListening: up, workersWanted: wanted, ...auditDetails(audit) }
  try {
    const counted = await engines.check()
    return { ready: up === wanted, details: { ...workers, engines: 'ok', ...counted } }
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    return { ready: false, details: { ...workers, engines: why } }
  }
}

/** On SIGHUP. Files that would not work are told about, and those in use stay. */
function followTlsFiles({ config, print }: ServerOptions, s3: S3Listener): void {
  process.on('SIGHUP', () => {
    if (config.tls === undefined) return
    readTlsFiles(config.tls).then(
      (tls) => {
        s3.setTls(tls)
        print('Read certificate and key again.')
      },
      (cause: unknown) => print(cause instanceof Error ? cause.message : String(cause)),
    )
  })
}
