// The audit log of a worker process: its lines go to the primary, which alone writes them. One batch is under way at a
// time, so that neither the channel nor the primary holds more than that of each worker. What it drops it only counts:
// the primary writes the line of it, and would count one line where it had to drop that.
import type { Log } from '../../gateway/log.ts'
import { AuditLog, type AuditSink, type Gap } from './audit-log.ts'
import type { Lines } from './line-queue.ts'

/** Of lines that the primary has not taken yet. It does little else, and takes them soon. */
const memoryBytes = 4 * 1024 * 1024

export class WorkerAudit {
  readonly log: AuditLog
  #taken = () => {}

  constructor({
    send,
    sendGap,
    log,
    now,
  }: {
    /** The next comes when this was taken. */
    readonly send: (batch: Lines) => void
    /** Each once, when it is over. Not waited for. */
    readonly sendGap: (gap: Gap) => void
    readonly log: Log
    readonly now: () => number
  }) {
    const sink: AuditSink = {
      write: (lines) =>
        new Promise((resolve) => {
          this.#taken = resolve
          send(lines)
        }),
      reopen: () => {},
      close: async () => {},
    }
    this.log = new AuditLog({ sink, memoryBytes, log, now, tellGap: sendGap })
  }

  /** The primary has the batch that was sent last. */
  taken(): void {
    this.#taken()
  }
}
