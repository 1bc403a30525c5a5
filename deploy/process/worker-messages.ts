// What the primary process and its workers say to each other, as JSON over Node's own channel.
import type { Config } from '../../gateway/config/config.ts'
import type { HostPort } from '../../gateway/config/config-values.ts'
import type { TlsPem } from '../../gateway/http/s3-server.ts'
import type { Gap } from '../audit/audit-log.ts'
import type { Lines } from '../audit/line-queue.ts'

export type ToWorker =
  /** The answer to `hears`. The configuration comes without the root key, and without where the audit log goes. */
  | {
      readonly is: 'start'
      readonly config: Config
      readonly processId: string
      readonly tls?: TlsPem
      /** Lines of the audit log are wanted. */
      readonly isAudited: boolean
    }
  | { readonly is: 'setTls'; readonly tls: TlsPem }
  /** The last batch of the audit log has arrived. */
  | { readonly is: 'auditTaken' }
  | { readonly is: 'stop'; readonly drainMs: number }

export type FromWorker =
  /** It hears from now on: Node drops what is sent to a process whose modules still load. */
  | { readonly is: 'hears' }
  | { readonly is: 'listening'; readonly address: HostPort }
  /** Lines of the audit log. The next come when these were taken. */
  | ({ readonly is: 'audit' } & Lines)
  /** Lines of the audit log that found no room. */
  | ({ readonly is: 'auditGap' } & Gap)
  /** It could not start, and ends. */
  | { readonly is: 'failed'; readonly why: string }

/** Both ends are this very program, of one version: the shape is trusted, the tag is looked at. */
export function parseFromWorker(message: unknown): FromWorker | undefined {
  return hasTag(message, ['hears', 'listening', 'audit', 'auditGap', 'failed'])
    ? (message as FromWorker)
    : undefined
}

export function parseToWorker(message: unknown): ToWorker | undefined {
  return hasTag(message, ['start', 'setTls', 'auditTaken', 'stop'])
    ? (message as ToWorker)
    : undefined
}

function hasTag(message: unknown, tags: readonly string[]): boolean {
  return (
    typeof message === 'object' &&
    message !== null &&
    'is' in message &&
    typeof message.is === 'string' &&
    tags.includes(message.is)
  )
}
