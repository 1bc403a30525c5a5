// `holdfast gateway` and `holdfast worker`: one process each, which has nothing of its own. A gateway serves S3; a
// worker does what commits leave to do, and jobs. Of both, as many as one likes.
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import type { RoleConfig } from '../../gateway/config/role-config.ts'
import { createHealthApp, type Readiness } from '../../gateway/http/admin-health.ts'
import { type AuditLog, addTo } from '../audit/audit-log.ts'
import { auditDetails, openAuditLog } from '../audit/open-audit-log.ts'
import { StopClock } from '../audit/stop-clock.ts'
import { listenAdmin } from './admin-listener.ts'
import { connectText, urlOf } from './connect-text.ts'
import { openLog } from './log.ts'
import { openRoleEngines } from './open-role-engines.ts'
import { prepareRootUser } from './root-user.ts'
import { serveS3 } from './serve-s3.ts'
import type { Engines, Print } from './serving.ts'
import { onStopSignals } from './stop-signals.ts'
import { readTlsFiles } from './tls-files.ts'
import { newProcessId } from './worker-pool.ts'

export type Role = 'gateway' | 'worker'
type Closers = (() => Promise<void> | void)[]

/** Runs until a signal has stopped it. Rejects when it cannot start; everything is closed then. */
export async function runRole(
  role: Role,
  config: RoleConfig,
  { version, print }: { readonly version: string; readonly print: Print },
): Promise<void> {
  print(`Holdfast ${version} starts as a ${role}.`)
  const closers: Closers = []
  const stopping = new AbortController()
  onStopSignals(
    () => {
      print('Stopping; what is under way may end. A second signal stops at once.')
      stopping.abort()
    },
    () => process.exit(1),
  )
  try {
    const log = openLog(config.logLevel)
    const engines = await openRoleEngines(config, { processId: newProcessId(process.pid), log })
    closers.push(() => engines.close())
    const audit = role === 'gateway' ? await openAuditLog(config.audit, log) : undefined
    const stop = new StopClock(config.drainMs)
    closers.push(() => audit?.close(stop.leftMs))
    const health = createHealthApp(() => readinessOf(engines, audit))
    const api = role === 'gateway' ? { api: engines.adminApi({ audit: addTo(audit) }) } : {}
    const admin = await listenAdmin({ health, ...api }, config.adminListen)
    closers.push(() => admin.close())
    const adminUrl = urlOf(admin.address, 'http')
    if (role === 'worker') {
      engines.startBackgroundWork()
      // Scripts may rely on this line, as on that of a gateway; it is printed once everything works.
      print(`Listening: worker admin ${adminUrl}`)
    } else {
      const endpoint = await startGateway(config, { engines, audit, stop, closers, print })
      print(`Listening: s3 ${endpoint} admin ${adminUrl}`)
    }
    if (!stopping.signal.aborted) await once(stopping.signal, 'abort')
  } finally {
    for (const close of closers.reverse()) await close()
  }
  print('Stopped.')
}

type Starting = {
  readonly engines: Engines
  readonly audit: AuditLog | undefined
  readonly stop: StopClock
  readonly closers: Closers
  readonly print: Print
}

/** Answers where it serves. */
async function startGateway(
  config: RoleConfig,
  { engines, audit, stop, closers, print }: Starting,
): Promise<string> {
  const tls = config.tls && (await readTlsFiles(config.tls))
  const user = await prepareRootUser({
    tenants: engines.tenants,
    masterKey: engines.masterKey,
    wanted: config.rootKey,
    random: randomBytes,
    nowMs: Date.now(),
  })
  const s3 = await serveS3(engines, { listen: config.listen, tls, audit: addTo(audit) })
  closers.push(() => {
    stop.begin()
    return s3.close(config.drainMs)
  })
  const { tls: paths } = config
  process.on('SIGHUP', () => {
    audit?.reopen()
    if (paths === undefined) return
    readTlsFiles(paths).then(s3.setTls, (cause: unknown) =>
      print(cause instanceof Error ? cause.message : String(cause)),
    )
  })
  const endpoint = urlOf(s3.address, tls === undefined ? 'http' : 'https')
  if (user.is === 'created') print(connectText({ config, user, endpoint }))
  return endpoint
}

async function readinessOf(engines: Engines, audit: AuditLog | undefined): Promise<Readiness> {
  const audited = auditDetails(audit)
  try {
    return { ready: true, details: { engines: 'ok', ...(await engines.check()), ...audited } }
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    return { ready: false, details: { engines: why, ...audited } }
  }
}
