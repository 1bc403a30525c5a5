// `holdfast server`: takes the data directory, opens the engines, starts the processes that serve S3,
// tells how to connect, and stops it all in order. Knows engines and S3 only by `serving.ts`.
import { randomBytes } from 'node:crypto'
import { dirname } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { createHealthApp, type Readiness } from '../gateway/admin/health.ts'
import type { Config } from '../gateway/config.ts'
import { type AdminListener, listenAdmin } from './admin-listener.ts'
import { connectText, urlOf } from './connect-text.ts'
import { type DataDirectoryLock, lockDataDirectory } from './data-directory.ts'
import { makeDirectory } from './make-directory.ts'
import { prepareRootUser } from './root-user.ts'
import type { Engines, OpenEngines, Print, S3Listener, TlsPair } from './serving.ts'
import { onStopSignals } from './stop-signals.ts'
import { requireOwnDirectory } from './store-marker.ts'
import { readTlsFiles } from './tls-files.ts'
import { newProcessId, WorkerPool } from './worker-pool.ts'

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
  const stopping = new Promise<void>((resolve) => {
    onStopSignals(
      () => {
        options.print('Stopping; requests under way may end. A second signal stops at once.')
        resolve()
      },
      () => process.exit(1),
    )
  })
  // What was opened last is closed first, also when a later step fails.
  const closers: (() => Promise<void> | void)[] = []
  try {
    await start(options, closers)
    await stopping
  } finally {
    for (const close of closers.reverse()) await close()
  }
  options.print('Stopped.')
}

async function start(
  options: ServerOptions,
  closers: (() => Promise<void> | void)[],
): Promise<void> {
  const { config, print } = options
  const tls = config.tls && (await readTlsFiles(config.tls))
  await requireOwnDirectory(config.dataDirectory, filesOf(config))
  const lock = await lockDataDirectory(config.dataDirectory, { pid: process.pid, wait: sleep })
  closers.push(() => lock.release())
  makeDirectory(dirname(config.masterKeyFile))

  const engines = await options.openEngines(config, {
    role: config.workers === 1 ? 'whole' : 'primary',
    processId: newProcessId(process.pid),
  })
  closers.push(() => engines.close())
  const state: State = { engines, s3: undefined, wanted: config.workers }
  const admin = await listenAdmin(
    createHealthApp(() => readinessOf(state)),
    config.adminListen,
  )
  closers.push(() => admin.close())

  const user = await prepareRootUser({
    tenants: engines.tenants,
    masterKey: engines.masterKey,
    wanted: config.rootKey,
    random: randomBytes,
    nowMs: Date.now(),
  })
  const s3 = await startS3(options, { engines, lock, tls })
  closers.push(() => {
    state.s3 = undefined
    return s3.close(config.drainMs)
  })
  engines.startBackgroundWork()
  state.s3 = s3
  followTlsFiles(options, s3)

  const endpoint = urlOf(s3.address, tls === undefined ? 'http' : 'https')
  print(`Holdfast ${options.version} keeps its data in ${config.dataDirectory}.`)
  if (user.is === 'created') print(connectText({ config, user, endpoint }))
  print(listeningLine(endpoint, { admin, workers: config.workers }))
}

/** Those that the operator may well keep in the data directory. */
function filesOf({ configFile, masterKeyFile, tls }: Config): readonly string[] {
  return [configFile, masterKeyFile, tls?.certFile, tls?.keyFile].filter(
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
  options: ServerOptions,
  parts: { engines: Engines; lock: DataDirectoryLock; tls: TlsPair | undefined },
): Promise<S3Listener> {
  const { config, workerModule, print } = options
  const { engines, lock, tls } = parts
  if (config.workers === 1) return engines.serveS3({ listen: config.listen, tls })
  return WorkerPool.start({
    config,
    tls,
    lock,
    workerModule,
    print,
    onProcessLeft: (living) => engines.processesLeft(living),
  })
}

type State = { readonly engines: Engines; readonly wanted: number; s3: S3Listener | undefined }

async function readinessOf({ engines, wanted, s3 }: State): Promise<Readiness> {
  const up = s3 instanceof WorkerPool ? s3.listeningCount : s3 === undefined ? 0 : 1
  const workers = { workersListening: up, workersWanted: wanted }
  try {
    await engines.check()
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    return { ready: false, details: { ...workers, engines: why } }
  }
  return { ready: up === wanted, details: { ...workers, engines: 'ok' } }
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
