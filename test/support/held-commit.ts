// Stops a running server in the middle of a commit of its metadata: when its pages are synced and the last one,
// which makes it count, is not written yet. By strace; see `strace.ts` for where that cannot be used.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { until, within } from './bounded-wait.ts'
import { canTrace } from './strace.ts'

/** How long each commit pauses before its last page: enough for whatever is to happen then. */
const pauseMs = 4_000

export type HeldServer = {
  readonly pid: number
  /** The file of the environment. */
  readonly file: string
  /** Where strace writes. */
  readonly logPath: string
}

export class HeldCommits {
  readonly #strace: ChildProcess
  readonly #logPath: string

  private constructor(strace: ChildProcess, logPath: string) {
    this.#strace = strace
    this.#logPath = logPath
  }

  /** Undefined when there is no working strace and none is demanded. */
  static begin({ pid, file, logPath }: HeldServer): HeldCommits | undefined {
    if (!canTrace()) return undefined
    rmSync(logPath, { force: true })
    const inject = `inject=fdatasync:delay_exit=${pauseMs * 1000}`
    const options = ['-f', '-y', '-P', file, '-e', 'trace=fdatasync,pwrite64', '-e', inject]
    const argv = [...options, '-o', logPath, '-p', String(pid)]
    return new HeldCommits(spawn('strace', argv, { stdio: 'ignore' }), logPath)
  }

  /** Resolves when a commit has just begun to pause. Something has to be written meanwhile. */
  async pausing(): Promise<void> {
    const seen = this.#lines.length
    await until({
      for: 'a commit that pauses',
      holds: () => this.#lines.slice(seen).some((line) => line.includes('(DELAYED)')),
      hopeless: () => this.#whyEnded,
    })
  }

  /** The error of the first write that failed since, as `EROFS`. */
  async refused(): Promise<string> {
    let error: string | undefined
    await until({
      for: 'a page that is refused',
      holds: () => {
        error = /pwrite64\(.* = -1 (\w+)/.exec(this.#lines.join('\n'))?.[1]
        return error !== undefined
      },
      hopeless: () => this.#whyEnded,
    })
    return error ?? ''
  }

  /** The server runs on as it is. */
  async end(): Promise<void> {
    if (this.#hasEnded) return
    const ended = once(this.#strace, 'exit')
    this.#strace.kill('SIGINT')
    await within('strace to let go of the server', ended)
  }

  get #hasEnded(): boolean {
    return this.#strace.exitCode !== null || this.#strace.signalCode !== null
  }

  /** strace ends with the process that it traces. */
  get #whyEnded(): string | undefined {
    if (!this.#hasEnded) return undefined
    return `the process that was traced has ended:\n${this.#lines.slice(-3).join('\n')}`
  }

  /** Without one that is being written. */
  get #lines(): readonly string[] {
    if (!existsSync(this.#logPath)) return []
    return readFileSync(this.#logPath, 'latin1').split('\n').slice(0, -1)
  }
}
