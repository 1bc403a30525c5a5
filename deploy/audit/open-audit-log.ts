// The audit log that the settings name, in the process that writes it.
import { randomBytes } from 'node:crypto'
import type { AuditSetting, AuditSink as SinkSetting } from '../../gateway/config/audit-setting.ts'
import type { Readiness } from '../../gateway/http/admin-health.ts'
import type { Log } from '../../gateway/log.ts'
import { AuditFile } from './audit-file.ts'
import { AuditLog, type AuditSink } from './audit-log.ts'
import { auditStdout } from './audit-stdout.ts'
import { AuditWebhook } from './audit-webhook.ts'

/** It is the operator's to mend; the message names the setting. */
export class AuditLogRefused extends Error {
  override readonly name = 'AuditLogRefused'
}

/** What there is to wait for: a server on such a disk serves reads, and audits once there is room. */
const passing: ReadonlySet<string> = new Set([
  'ENOSPC',
  'EDQUOT',
  'EROFS',
  'EIO',
  'EMFILE',
  'ENFILE',
])

/** Undefined: nobody wants one. Throws `AuditLogRefused` for a file that cannot be one. */
export async function openAuditLog(setting: AuditSetting, log: Log): Promise<AuditLog | undefined> {
  if (setting.to === 'none') return undefined
  const { memoryBytes } = setting
  return new AuditLog({ sink: await openSink(setting, log), memoryBytes, log, now: Date.now })
}

async function openSink(setting: SinkSetting, log: Log): Promise<AuditSink> {
  switch (setting.to) {
    case 'stdout':
      return auditStdout()
    case 'file':
      return openFile(setting, log)
    case 'webhook':
      return new AuditWebhook({ url: setting.url, token: setting.token, random: randomBytes })
    default:
      return setting satisfies never
  }
}

async function openFile(setting: SinkSetting & { to: 'file' }, log: Log): Promise<AuditSink> {
  const options = { ...setting, log, now: Date.now }
  try {
    return await AuditFile.open(options)
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : ''
    if (passing.has(code)) return AuditFile.later(options)
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new AuditLogRefused(`--audit-log file:${setting.path} cannot be written: ${why}`, {
      cause,
    })
  }
}

/** For those who ask how a process is. Whether it is ready does not depend on it. */
export function auditDetails(audit: AuditLog | undefined): Readiness['details'] {
  if (audit === undefined) return {}
  return { auditLog: audit.failure ?? 'ok', auditLinesDropped: audit.droppedLines }
}
