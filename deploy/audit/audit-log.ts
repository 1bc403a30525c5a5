// The audit log of one process: takes lines at once and hands them to a sink, one batch after the other. A sink that
// is slow or gone is waited for and tried again; requests never wait for it. What finds no room meanwhile is dropped
// and counted, and the count is a line of its own as soon as there is room again.
import { setTimeout as sleep } from 'node:timers/promises'
import { droppedLine } from '../../gateway/audit/audit-line.ts'
import type { AddLine } from '../../gateway/audit/audit-requests.ts'
import type { Log } from '../../gateway/log.ts'
import { LineQueue, type Lines } from './line-queue.ts'

/** Where lines go. One call at a time. */
export interface AuditSink {
  /**
   * Resolves when the lines are where they belong. Rejects when they are not: the same lines come again. The signal
   * tells that nobody waits any more.
   */
  write(lines: Lines, signal: AbortSignal): Promise<void>
  /** Begins anew with the next write, as after a file was renamed by somebody. */
  reopen(): void
  close(): Promise<void>
}

export type AuditLogOptions = {
  readonly sink: AuditSink
  /** Of lines that wait, in bytes. */
  readonly memoryBytes: number
  readonly log: Log
  /** Milliseconds since 1970. */
  readonly now: () => number
  /** Told of a gap, where somebody else writes the line that stands for it. Undefined: it is a line here. */
  readonly tellGap?: (gap: Gap) => void
}

/** So many lines that found no room, the first of them at that time. */
export type Gap = { readonly lines: number; readonly sinceMs: number }

/** Bytes of one write. */
const batchBytesMax = 64 * 1024
/** For how long lines are gathered that are fewer: each write costs as much as making several lines. */
const gatherMs = 20
const pauseMsMin = 100
const pauseMsMax = 30_000
/** At the end there is not much time. */
const lastPauseMsMax = 250
const closeMsMax = 1_000

export class AuditLog {
  readonly #options: AuditLogOptions
  readonly #queue: LineQueue
  readonly #over = new AbortController()
  #pumping: Promise<void> | undefined
  /** Ends the pause after a failure that is under way. */
  #wake = () => {}
  /** Ends the gathering that is under way. */
  #hurry = () => {}
  #isClosing = false
  /** Since the sink took lines last. */
  #failures = 0
  #failure: string | undefined
  /** Not yet told by a line. */
  #untold: Gap | undefined
  #droppedLines = 0

  constructor(options: AuditLogOptions) {
    this.#options = options
    this.#queue = new LineQueue(options.memoryBytes)
  }

  /** Lines that found no room, since the process has started. */
  get droppedLines(): number {
    return this.#droppedLines
  }

  /** Why the sink takes nothing now, if it does not. */
  get failure(): string | undefined {
    return this.#failure
  }

  /** Takes lines or drops them, at once. */
  add(lines: Lines): void {
    this.#tellDropped()
    // Those behind the first that was dropped go too, until there is room: one count stands for all of them.
    if (this.#untold !== undefined || !this.#queue.add(lines)) {
      this.#drop({ lines: lines.count, sinceMs: this.#options.now() })
    }
    if (this.#queue.bytes >= batchBytesMax) this.#hurry()
    this.#pumping ??= this.#pump()
  }

  /** A line for what others had to drop on the way here, of which they have told standard error. */
  addGap(gap: Gap): void {
    const line = { text: droppedLine({ ...gap, nowMs: this.#options.now() }), count: 1 }
    if (this.#untold !== undefined || !this.#queue.add(line)) this.#drop(gap)
    else this.#droppedLines += gap.lines
    this.#pumping ??= this.#pump()
  }

  /** As after a file was renamed. A sink that has failed is tried at once. */
  reopen(): void {
    this.#options.sink.reopen()
    this.#wake()
  }

  /** Writes what waits, for so long at most, and closes the sink. To be called once, when no line comes any more. */
  async close(patienceMs: number): Promise<void> {
    const { sink, log } = this.#options
    this.#isClosing = true
    this.#hurry()
    this.#wake()
    await within(patienceMs, this.#pumping)
    this.#over.abort()
    this.#wake()
    const lost = this.#queue.lines + (this.#untold?.lines ?? 0)
    if (lost > 0) log.error('audit log was closed with lines unwritten', { lines: lost })
    // What hangs in a disk would be waited for here.
    await within(closeMsMax, sink.close())
  }

  /** One gap, until it is told. */
  #drop({ lines, sinceMs }: Gap): void {
    this.#droppedLines += lines
    const untold = this.#untold
    if (untold === undefined) this.#options.log.warn('audit log is full: lines are dropped')
    this.#untold = {
      lines: lines + (untold?.lines ?? 0),
      sinceMs: Math.min(sinceMs, untold?.sinceMs ?? sinceMs),
    }
  }

  async #pump(): Promise<void> {
    // The very batch that failed comes again: a sink may have taken a part of it, or all and lost the answer.
    let batch: ReturnType<LineQueue['peek']>
    while (!this.#over.signal.aborted) {
      if (batch === undefined) {
        await this.#gather()
        this.#tellDropped()
        batch = this.#queue.peek(batchBytesMax)
        // No line can come between this look and the end, which would not be seen.
        if (batch === undefined) break
      }
      try {
        await this.#options.sink.write(batch.lines, this.#over.signal)
        batch.remove()
        batch = undefined
        this.#becomeWell()
      } catch (cause) {
        this.#becomeUnwell(cause)
        await this.#pause()
      }
    }
    this.#pumping = undefined
  }

  /** Resolves when there is enough for a write, or it was waited for long enough. */
  #gather(): Promise<void> | undefined {
    if (this.#isClosing || this.#queue.bytes >= batchBytesMax) return undefined
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, gatherMs)
      this.#hurry = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }

  /** Where the gap is: behind what found room, before what will. */
  #tellDropped(): void {
    if (this.#untold === undefined || !this.#queue.isRoomy) return
    const { now, tellGap } = this.#options
    const told = this.#untold
    this.#untold = undefined
    if (tellGap !== undefined) tellGap(told)
    else this.#queue.add({ text: droppedLine({ ...told, nowMs: now() }), count: 1 })
    this.#options.log.warn('audit log has room again', { droppedLines: told.lines })
  }

  #becomeWell(): void {
    this.#failures = 0
    if (this.#failure === undefined) return
    this.#failure = undefined
    this.#options.log.info('audit log is written again')
  }

  #becomeUnwell(cause: unknown): void {
    this.#failures += 1
    const isNew = this.#failure === undefined
    this.#failure = cause instanceof Error ? cause.message : String(cause)
    if (isNew) this.#options.log.error('audit log cannot be written', { cause })
  }

  async #pause(): Promise<void> {
    const grown = pauseMsMin * 2 ** Math.min(this.#failures - 1, 20)
    const ms = Math.min(grown, this.#isClosing ? lastPauseMsMax : pauseMsMax)
    const woken = new AbortController()
    this.#wake = () => woken.abort()
    await sleep(ms, undefined, { signal: woken.signal }).catch(() => {})
    this.#wake = () => {}
  }
}

/** What adds single lines to it, if it is there. */
export function addTo(audit: AuditLog | undefined): AddLine | undefined {
  return audit && ((text) => audit.add({ text, count: 1 }))
}

/** Resolves with the work, or when time is up. */
async function within(ms: number, work: Promise<void> | undefined): Promise<void> {
  const over = new AbortController()
  const tooLate = sleep(ms, undefined, { signal: over.signal }).catch(() => {})
  await Promise.race([work, tooLate])
  over.abort()
}
