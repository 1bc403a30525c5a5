// The audit log on standard output, among what a server says there: lines of JSON begin with `{`, and nothing else
// does. A reader that stands still is waited for, and nobody waits with it: Node does not block on a pipe.
import { fstatSync, write } from 'node:fs'
import { promisify } from 'node:util'
import type { AuditSink } from './audit-log.ts'
import type { Lines } from './line-queue.ts'

const writeTo = promisify(write)
const standardOutput = 1

export function auditStdout(): AuditSink {
  return fstatSync(standardOutput).isFile() ? new AuditRedirected(standardOutput) : auditPiped
}

const auditPiped: AuditSink = {
  write: ({ text }) =>
    new Promise((resolve, reject) => {
      process.stdout.write(text, (cause) => (cause ? reject(cause) : resolve()))
    }),
  reopen: () => {},
  close: async () => {},
}

/** A file that somebody else has opened. What a full disk has taken of a batch stays there, and the rest follows. */
export class AuditRedirected implements AuditSink {
  readonly #fd: number
  #under: { readonly text: string; readonly bytes: Buffer; written: number } | undefined

  constructor(fd: number) {
    this.#fd = fd
  }

  async write({ text }: Lines): Promise<void> {
    if (this.#under?.text !== text) this.#under = { text, bytes: Buffer.from(text), written: 0 }
    const under = this.#under
    while (under.written < under.bytes.length) {
      const rest = under.bytes.subarray(under.written)
      under.written += (await writeTo(this.#fd, rest)).bytesWritten
    }
    this.#under = undefined
  }

  reopen(): void {}

  async close(): Promise<void> {}
}
