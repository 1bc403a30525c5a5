// A worker process: opens the engines for itself and serves S3 until the primary tells it to stop.
// If the primary dies, its workers end at once. How workers are started is `worker-pool.ts`.
import assert from 'node:assert'
import { addTo } from '../audit/audit-log.ts'
import { WorkerAudit } from '../audit/worker-audit.ts'
import { explainFailure } from './explain-failure.ts'
import { openLog } from './log.ts'
import { serveS3 } from './serve-s3.ts'
import type { Engines, OpenEngines, S3Listener } from './serving.ts'
import { type FromWorker, parseToWorker, type ToWorker } from './worker-messages.ts'

type Running = {
  readonly engines: Engines
  readonly listener: S3Listener
  readonly audit: WorkerAudit | undefined
}

/** The primary takes lines at once, unless it hangs. */
const auditPatienceMs = 2_000

/** Call once, in a process made by `startWorkers`. */
export function runWorker(openEngines: OpenEngines): void {
  // Terminals and init systems signal whole groups: when to stop is for the primary to say.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {})
  // Before Node's own end of it, which waits for native code: that may be stuck in a disk, and the lock with it.
  process.prependListener('disconnect', () => process.kill(process.pid, 'SIGKILL'))
  let running: Promise<Running> | undefined
  let hasStarted = false
  let audit: WorkerAudit | undefined

  process.on('message', (raw) => {
    const message = parseToWorker(raw)
    if (message === undefined) return
    switch (message.is) {
      case 'start':
        assert(running === undefined, 'a worker is started once')
        audit = message.isAudited ? openAudit(message) : undefined
        running = start(openEngines, message, audit)
        running.then((parts) => {
          hasStarted = true
          announce(parts)
        }, giveUp)
        return
      case 'setTls':
        running?.then(({ listener }) => listener.setTls(message.tls), giveUp)
        return
      case 'auditTaken':
        audit?.taken()
        return
      case 'stop':
        // Nobody relies yet on what has not served, and it may hang.
        if (running === undefined || !hasStarted) process.exit(0)
        running.then((parts) => stop(parts, message.drainMs)).catch(giveUp)
        return
      default:
        return message satisfies never
    }
  })
  send({ is: 'hears' })
}

async function start(
  openEngines: OpenEngines,
  { config, processId, tls }: ToWorker & { is: 'start' },
  audit: WorkerAudit | undefined,
): Promise<Running> {
  const engines = await openEngines(config, { role: 'worker', processId })
  try {
    const options = { listen: config.listen, tls, audit: addTo(audit?.log) }
    return { engines, listener: await serveS3(engines, options), audit }
  } catch (cause) {
    await engines.close()
    throw cause
  }
}

function openAudit({ config }: ToWorker & { is: 'start' }): WorkerAudit {
  return new WorkerAudit({
    send: (batch) => send({ is: 'audit', ...batch }),
    sendGap: (gap) => send({ is: 'auditGap', ...gap }),
    log: openLog(config.logLevel),
    now: Date.now,
  })
}

async function stop({ engines, listener, audit }: Running, drainMs: number): Promise<void> {
  await listener.close(drainMs)
  await audit?.log.close(auditPatienceMs)
  await engines.close()
  process.exit(0)
}

function announce({ listener }: Running): void {
  send({ is: 'listening', address: listener.address })
}

function giveUp(cause: unknown): void {
  send({ is: 'failed', why: explainFailure(cause) }, () => process.exit(1))
}

function send(message: FromWorker, sent: () => void = () => {}): void {
  assert(process.send !== undefined, 'a worker has a channel to its primary')
  process.send(message, undefined, undefined, sent)
}
