// A server in this process whose lines of the audit log are kept.
import assert from 'node:assert/strict'
import { Place } from '../../support/operation-requests.ts'
import { RunningServer } from '../../support/start-server.ts'

export type Line = Readonly<Record<string, unknown>>

export class AuditedServer {
  readonly #server: RunningServer
  readonly #lines: Line[]
  #places = 0

  private constructor(server: RunningServer, lines: Line[]) {
    this.#server = server
    this.#lines = lines
  }

  static async start(): Promise<AuditedServer> {
    const lines: Line[] = []
    const audit = (line: string) => lines.push(JSON.parse(line) as Line)
    return new AuditedServer(await RunningServer.start({ audit }), lines)
  }

  get port(): number {
    return this.#server.port
  }

  stop(): Promise<void> {
    return this.#server.stop()
  }

  /** A bucket of its own. */
  place(): Promise<Place> {
    this.#places += 1
    return new Place(this.port, `bucket-${this.#places}`).make()
  }

  /** The lines that came of it: so many, and no more. */
  async linesOf(count: number, work: () => Promise<unknown>): Promise<readonly Line[]> {
    // What came before may have been answered a moment before it was written.
    await moment()
    this.#lines.length = 0
    await work()
    while (this.#lines.length < count) await new Promise(setImmediate)
    // Whoever would write another line had time to.
    await moment()
    assert.equal(this.#lines.length, count, JSON.stringify(this.#lines))
    return [...this.#lines]
  }

  /** The one line that came of it. */
  async lineOf(work: () => Promise<unknown>): Promise<Line> {
    const [line] = await this.linesOf(1, work)
    assert.ok(line !== undefined)
    return line
  }
}

function moment(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 10))
}
