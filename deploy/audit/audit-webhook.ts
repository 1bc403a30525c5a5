// The audit log as a webhook: lines as NDJSON, a batch a POST, the next when the one before was taken. Each batch has
// an id, by which one that comes again is known: an answer may be lost.
import { Agent, request } from 'undici'
import type { RandomBytes } from '../../protocol/chunks/new-generation.ts'
import type { AuditSink } from './audit-log.ts'
import type { Lines } from './line-queue.ts'

export type AuditWebhookOptions = {
  readonly url: string
  readonly token?: string | undefined
  readonly random: RandomBytes
}

/** To connect, and for each step of an answer. */
const patienceMs = 10_000

/** What is wrong, without the address, which may hold a secret. */
export class WebhookFailed extends Error {
  override readonly name = 'WebhookFailed'
}

export class AuditWebhook implements AuditSink {
  readonly #options: AuditWebhookOptions
  readonly #agent = new Agent({
    connections: 1,
    connect: { timeout: patienceMs },
    headersTimeout: patienceMs,
    bodyTimeout: patienceMs,
  })
  /** The batch that was not taken yet. */
  #under: { readonly text: string; readonly id: string } | undefined

  constructor(options: AuditWebhookOptions) {
    this.#options = options
  }

  async write({ text }: Lines, signal: AbortSignal): Promise<void> {
    if (this.#under?.text !== text) {
      this.#under = { text, id: this.#options.random(16).toString('hex') }
    }
    const status = await this.#post(text, this.#under.id, signal)
    if (status < 200 || status > 299) {
      throw new WebhookFailed(`the webhook of the audit log answers ${status}`)
    }
    this.#under = undefined
  }

  reopen(): void {}

  close(): Promise<void> {
    return this.#agent.destroy()
  }

  async #post(text: string, batchId: string, signal: AbortSignal): Promise<number> {
    const { url, token } = this.#options
    try {
      const { statusCode, body } = await request(url, {
        method: 'POST',
        dispatcher: this.#agent,
        signal,
        headers: {
          'content-type': 'application/x-ndjson',
          'user-agent': 'Holdfast',
          'x-holdfast-batch': batchId,
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        },
        body: text,
      })
      await body.dump()
      return statusCode
    } catch (cause) {
      throw new WebhookFailed(`the webhook of the audit log cannot be reached: ${reasonOf(cause)}`)
    }
  }
}

function reasonOf(cause: unknown): string {
  if (!(cause instanceof Error)) return 'unknown'
  return 'code' in cause && typeof cause.code === 'string' ? cause.code : cause.name
}
