// Ends the replies of one turn of the event loop one right after the other. A write to a client that
// waits wakes it, which costs the writer as much as the rest of a small reply; a client that has been
// woken for the first of several takes the others for nothing.
import type { ServerResponse } from 'node:http'

type Reply = { readonly outgoing: ServerResponse; readonly body: string | Buffer | undefined }

export class ReplyBatch {
  #waiting: Reply[] = []

  /** Ends the reply before this turn of the event loop is over. */
  end(outgoing: ServerResponse, body: string | Buffer | undefined): void {
    this.#waiting.push({ outgoing, body })
    if (this.#waiting.length === 1) setImmediate(() => this.#flush())
  }

  #flush(): void {
    const replies = this.#waiting
    this.#waiting = []
    for (const { outgoing, body } of replies) outgoing.end(body)
  }
}
