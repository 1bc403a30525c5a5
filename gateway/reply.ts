// What is answered to a request, before `http/send-reply.ts` writes it.
import type { Batch } from './data/buffers/batch.ts'

export type ReplyBody =
  | string
  | Buffer
  /** Exactly `bytes` bytes, in batches that are sent under one cork. */
  | StreamedBody

export type StreamedBody = {
  readonly bytes: number
  readonly open: () => AsyncIterable<Batch>
  /** Called instead of `open` when nobody is there any more to send to. Ends when nothing is read. */
  readonly drop?: () => Promise<void>
}

export type Reply = {
  readonly status: number
  /** Names as S3 writes them; absent values are left out. */
  readonly headers?: Readonly<Record<string, string | number | undefined>>
  readonly body?: ReplyBody
}

export function xmlReply(document: string, headers: Reply['headers'] = {}): Reply {
  return { status: 200, headers: { 'Content-Type': 'application/xml', ...headers }, body: document }
}
