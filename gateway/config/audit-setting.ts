// Where the audit log goes, as several settings say it together.
import {
  BadValue,
  bounded,
  parseBytes,
  parseDurationMs,
  parsePath,
  wholeNumber,
} from './config-values.ts'
import type { SettingValues } from './setting-values.ts'

/** Plain data, so that it can be handed on. */
export type AuditSetting =
  | { readonly to: 'none' }
  | (AuditSink & {
      /** Of lines that wait. */
      readonly memoryBytes: number
    })

export type AuditSink =
  | { readonly to: 'stdout' }
  | ({ readonly to: 'file'; readonly path: string } & AuditRotation)
  | {
      readonly to: 'webhook'
      /** http or https. May hold a secret. */
      readonly url: string
      readonly token?: string
    }

export type AuditRotation = {
  readonly maxBytes: number
  readonly maxAgeMs: number
  /** How many files that were put aside are kept. */
  readonly keep: number
}

const token = 'audit-webhook-token'

export function takeAudit(values: SettingValues): AuditSetting {
  const rotation = {
    maxBytes: values.takeOr('audit-max-bytes', bounded(parseBytes, '64KiB', '1024GiB')),
    maxAgeMs: values.takeOr('audit-max-age', bounded(parseDurationMs, '1s', '3650d')),
    keep: values.takeOr('audit-keep', wholeNumber(1, 10_000)),
  }
  const memoryBytes = values.takeOr('audit-memory', bounded(parseBytes, '256KiB', '4GiB'))
  const bearer = values.take(token, parseToken)
  const sink = values.takeOr('audit-log', (raw) => parseSink(raw, rotation))
  if (values.has(token) && sink.to !== 'webhook') {
    values.refuse(token, 'is for a webhook, which --audit-log does not name')
  }
  if (sink.to === 'none') return sink
  if (sink.to !== 'webhook' || bearer === undefined) return { ...sink, memoryBytes }
  return { ...sink, token: bearer, memoryBytes }
}

/** No message repeats a URL, which may hold a secret. */
function parseSink(raw: string, rotation: AuditRotation): AuditSink | { readonly to: 'none' } {
  if (raw === 'none' || raw === 'stdout') return { to: raw }
  if (raw.startsWith('file:')) {
    return { to: 'file', path: parsePath(raw.slice('file:'.length)), ...rotation }
  }
  const url = URL.canParse(raw) ? new URL(raw) : undefined
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    throw new BadValue('is none, stdout, file:PATH or the https or http URL of a webhook')
  }
  if (url.username !== '' || url.password !== '') {
    throw new BadValue('a webhook is shown no user and password; set HOLDFAST_AUDIT_WEBHOOK_TOKEN')
  }
  return { to: 'webhook', url: url.href }
}

/** RFC 6750 section 2.1 has fewer characters; these are the ones that stand in a header. */
function parseToken(raw: string): string {
  if (!/^[\x21-\x7e]{1,4096}$/.test(raw)) {
    throw new BadValue('a token has 1 to 4096 printable ASCII characters without spaces')
  }
  return raw
}
