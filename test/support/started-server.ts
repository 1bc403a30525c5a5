// Starts a server program in a process of its own and waits for what it prints.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export type StartOptions = {
  /** The compiled main module. */
  readonly program: string
  readonly argv: readonly string[]
  /** Added to this process's environment, from which `HOLDFAST_…` is taken out. */
  readonly env?: Readonly<Record<string, string>>
}

/** Everything it prints is kept, so that a failed wait can show it. */
export class StartedServer {
  readonly child: ChildProcess
  output = ''
  private readonly ended: Promise<number | null>

  constructor({ program, argv, env = {} }: StartOptions) {
    const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('HOLDFAST_'))
    this.child = spawn(process.execPath, ['--enable-source-maps', program, ...argv], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...Object.fromEntries(inherited), ...env },
    })
    const take = (piece: Buffer) => {
      this.output += piece.toString()
      this.child.emit('printed')
    }
    this.child.stdout?.on('data', take)
    this.child.stderr?.on('data', take)
    this.ended = once(this.child, 'close').then(() => {
      this.child.emit('printed')
      return this.child.exitCode
    })
  }

  /** What the pattern matched; throws with all output when the program ends without it. */
  async printed(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const match = pattern.exec(this.output)
      if (match !== null) return match
      if (this.child.exitCode !== null || this.child.signalCode !== null) {
        await this.ended
        const last = pattern.exec(this.output)
        if (last !== null) return last
        throw new Error(`the server ended without printing ${pattern}:\n${this.output}`)
      }
      await once(this.child, 'printed')
    }
  }

  /** Waits until everything serves. */
  async listening(): Promise<{ s3: string; admin: string }> {
    const [, s3 = '', admin = ''] = await this.printed(/^Listening: s3 (\S+) admin (\S+) /m)
    return { s3, admin }
  }

  /** Sends the signal and waits for the end; answers the exit code, null after a hard kill. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    this.child.kill(signal)
    return this.ended
  }

  /** Kills the process itself, and waits for no other that may still hold its output open. */
  async kill(): Promise<void> {
    const ended = once(this.child, 'exit')
    this.child.kill('SIGKILL')
    await ended
  }

  /** Ids of the processes that it has started. */
  get workers(): readonly number[] {
    const { pid } = this.child
    // None are an empty text, not a process 0, which would mean our own group.
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
    return children.split(' ').filter(Boolean).map(Number)
  }

  /** Kills all its processes at once, and waits until the last one has ended. */
  async killAll(): Promise<void> {
    const { pid } = this.child
    if (pid === undefined) throw new Error('no process')
    for (const each of [...this.workers, pid]) process.kill(each, 'SIGKILL')
    await this.ended
  }

  end(): Promise<number | null> {
    return this.ended
  }
}

/** A new directory below the system's temporary one, and how to remove it. */
export function makeTemporaryDirectory(): { readonly path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'holdfast-test-'))
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) }
}
