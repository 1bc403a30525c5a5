// Stops a running server in the middle of a commit of its metadata or its index: before the first page is written, or
// when its pages are synced and the last one, which makes it count, is not written yet. By strace; see `strace.ts` for
// where that cannot be used.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { until, within } from './bounded-wait.ts'
import { canTrace } from './strace.ts'

/** How long each commit pauses: enough for whatever is to happen then. */
const pauseMs = 4_000
/** Where it pauses, and what strace notes then. The first two pages of the file are the last ones of commits. */
const pauses = {
  first: {
    inject: 'pwrite64,writev:delay_enter',
    noted: /(?:writev\(|pwrite64\(.*, (?:[89]\d{3}|\d{5,})(?: <unfinished \.\.\.>)?$)/m,
  },
  last: { inject: 'fdatasync:delay_exit', noted: /\(DELAYED\)$/m },
} as const

export type HeldServer = {
  readonly pid: number
  /** The file of the environment. */
  readonly file: string
  readonly page: keyof typeof pauses
  /** Where strace writes. */
  readonly logPath: string
}

export class HeldCommits {
  readonly #strace: ChildProcess
  readonly #logPath: string
  readonly #noted: RegExp

  private constructor(strace: ChildProcess, logPath: string, noted: RegExp) {
    this.#strace = strace
    this.#logPath = logPath
    this.#noted = noted
  }

  /** Undefined when there is no working strace and none is demanded. */
  static begin({ pid, file, page, logPath }: HeldServer): HeldCommits | undefined {
    if (!canTrace()) return undefined
    rmSync(logPath, { force: true })
    const { inject, noted } = pauses[page]
    const calls = ['-e', 'trace=fdatasync,pwrite64,writev', '-e', `inject=${inject}=${pauseMs}000`]
    const options = ['-f', '-y', '-P', file, ...calls]
    const argv = [...options, '-o', logPath, '-p', String(pid)]
    return new HeldCommits(spawn('strace', argv, { stdio: 'ignore' }), logPath, noted)
  }

  /** Resolves when a commit has just begun to pause. Something has to be written meanwhile. */
  async pausing(): Promise<void> {
    const seen = this.#log.length
    await until({
      for: 'a commit that pauses',
      holds: () => this.#noted.test(this.#log.slice(seen)),
      hopeless: () => this.#whyEnded,
    })
  }

  /** The error of the first write that failed since, as `EROFS`. */
  async refused(): Promise<string> {
    let error: string | undefined
    await until({
      for: 'a page that is refused',
      holds: () => {
        error = /(?:pwrite64|writev)(?:\(| resumed>).* = -1 (\w+)/.exec(this.#log)?.[1]
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
    return `the process that was traced has ended:\n${this.#log.split('\n').slice(-4).join('\n')}`
  }

  get #log(): string {
    return existsSync(this.#logPath) ? readFileSync(this.#logPath, 'latin1') : ''
  }
}
