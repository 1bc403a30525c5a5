// The audit log of a worker process: its lines go to the primary, which alone writes them. One batch is under way at a
// time, so that neither the channel nor the primary holds more than that of each worker.
import type { Log } from '../../gateway/log.ts'
import { AuditLog, type AuditSink } from './audit-log.ts'
import type { Lines } from './line-queue.ts'

/** Of lines that the primary has not taken yet. It does little else, and takes them soon. */
const memoryBytes = 4 * 1024 * 1024

/** What a worker tells the primary. `droppedLines`: since it told so before. */
export type AuditBatch = Lines & { readonly droppedLines: number }

export class WorkerAudit {
  readonly log: AuditLog
  #taken = () => {}
  #toldDropped = 0

  constructor({
    send,
    log,
    now,
  }: {
    readonly send: (batch: AuditBatch) => void
    readonly log: Log
    readonly now: () => number
  }) {
    const sink: AuditSink = {
      write: (lines) =>
        new Promise((resolve) => {
          this.#taken = resolve
          const dropped = this.log.droppedLines
          send({ ...lines, droppedLines: dropped - this.#toldDropped })
          this.#toldDropped = dropped
        }),
      reopen: () => {},
      close: async () => {},
    }
    this.log = new AuditLog({ sink, memoryBytes, log, now })
  }

  /** The primary has the batch that was sent last. */
  taken(): void {
    this.#taken()
  }
}
