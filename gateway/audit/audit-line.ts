// Lines of the audit log, one a request: their fields, in this order, are documented in `docs/audit-log.md`, and so is
// what a change of them means. Never in a line: a secret, a signature, a token, a body, a query, or a header but
// those that are named here.
import type { DecidedBy, DecidedOf } from '../access/decisions.ts'
import { rootUserName, type User } from '../access/identity.ts'
import { accountId, iamArn, rootArn, stsArn } from '../access/owner.ts'
import type { RequestDetails } from '../http/request-details.ts'
import { type RequestRecord, toMicroseconds } from '../http/request-record.ts'
import type { RequestNotes } from '../s3/request-notes.ts'
import { boundedText, jsonLine } from './bounded-text.ts'
import { deletionFields } from './deletion-fields.ts'

/** Grows when a field changes its meaning or goes, not when one joins. */
export const auditSchema = 1

/**
 * UTF-16 units: so few that no line is longer than 64 KiB, with all of them escaped. What S3 allows is shorter, but
 * what is asked for need not be.
 */
const userAgentMax = 256
const nameMax = 255
const keyMax = 1024
const versionIdMax = 128

export type AuditedAt = {
  /** Milliseconds since 1970: when the request had ended. */
  readonly endedMs: number
  /** `x-amz-id-2` of the process that has served it. */
  readonly hostId: string
}

/** The line of one request. Whoever asks, asks at once: what it is told of is forgotten then. */
export function requestLine(record: RequestRecord, { endedMs, hostId }: AuditedAt): string {
  const { notes } = record
  const { decisions, signature } = notes
  const details = record.details()
  const deletions = notes.deletions && deletionFields(notes.deletions)
  return jsonLine({
    schema: auditSchema,
    type: 'request',
    time: new Date(endedMs - record.totalMs).toISOString(),
    requestId: record.requestId,
    hostId,
    sourceIp: record.remoteAddress(),
    userAgent: bounded(details.userAgent, userAgentMax),
    protocol: details.httpVersion === undefined ? undefined : `HTTP/${details.httpVersion}`,
    tls: details.tls,
    identity: identityFields(notes),
    signature: signature && { version: signature.version, by: signature.by },
    method: record.method === '' ? undefined : record.method,
    operation: record.operation,
    actions: decisions?.actions ?? [],
    verdict: decisions?.verdict ?? 'notAsked',
    deniedAction: decisions?.deniedAction,
    decidedBy: decisionFields(decisions?.decidedBy),
    resource: resourceFields(notes, details),
    issued: issuedFields(notes),
    source: sourceFields(details),
    objects: deletions?.objects,
    moreObjects: deletions?.moreObjects,
    status: record.status,
    errorCode: record.errorCode,
    bytesIn: record.bytesIn,
    bytesOut: record.bytesOut,
    firstByteMs: record.status === undefined ? undefined : toMicroseconds(record.headMs),
    totalMs: toMicroseconds(record.totalMs),
    hungUp: details.isCutOff && record.failure === undefined ? true : undefined,
  })
}

/** In the place of so many lines that found no room. Times are milliseconds since 1970. */
export function droppedLine(dropped: {
  readonly lines: number
  readonly sinceMs: number
  readonly nowMs: number
}): string {
  const { lines, sinceMs, nowMs } = dropped
  return jsonLine({
    schema: auditSchema,
    type: 'dropped',
    time: new Date(nowMs).toISOString(),
    lines,
    since: new Date(sinceMs).toISOString(),
  })
}

function bounded(text: string | undefined, unitsMax: number): string | undefined {
  return text === undefined ? undefined : boundedText(text, unitsMax)
}

function identityFields({ identity, signature, openedBy, decisions }: RequestNotes): object {
  if (openedBy !== undefined) return { type: openedBy }
  switch (identity?.is) {
    case 'user':
      return userFields(identity, decisions?.caller)
    case 'anonymous':
      return { type: 'anonymous' }
    case undefined:
      return { type: 'unproven', accessKeyId: signature?.accessKeyId }
    default:
      return identity satisfies never
  }
}

function userFields(identity: User, known: DecidedOf | undefined): object {
  const { tenantId, userName, accessKeyId, session } = identity
  const account = accountId(tenantId)
  return {
    ...{ type: 'user', tenant: tenantId, account, arn: known?.arn ?? arnOf(identity) },
    // Of a session of a role, the role.
    ...(session?.of === 'role' ? { role: userName } : { user: userName }),
    session: session && {
      name: bounded(session.name, nameMax),
      issued: new Date(session.issuedMs).toISOString(),
      provider: bounded(session.provider, nameMax),
      sourceIdentity: bounded(session.sourceIdentity, nameMax),
    },
    accessKeyId,
  }
}

/** Where nothing was asked of him that his account had to be known for: his path is not in it then. */
function arnOf({ tenantId, userName, session }: User): string {
  if (session?.of === 'role') return stsArn(tenantId, `assumed-role/${userName}/${session.name}`)
  if (session?.of === 'federated user') return stsArn(tenantId, `federated-user/${session.name}`)
  if (userName === rootUserName) return rootArn(tenantId)
  return iamArn(tenantId, 'user', { path: '/', name: userName })
}

function decisionFields(by: DecidedBy | undefined): object | undefined {
  switch (by?.is) {
    case 'root':
      return { type: 'root' }
    case 'nothing':
      return { type: 'nothing' }
    case 'statement':
      return { type: 'statement', policy: by.policy, sid: by.sid, index: by.index }
    case 'policy':
      return { type: 'policy', policy: by.policy }
    case 'publicAccessBlock':
      return { type: 'publicAccessBlock' }
    case 'acl':
      return { type: 'acl', of: by.of }
    case 'objectOwner':
      return { type: 'objectOwner' }
    case 'expectedOwner':
      return { type: 'expectedOwner', of: by.of }
    case undefined:
      return undefined
    default:
      return by satisfies never
  }
}

function issuedFields({ issued }: RequestNotes): object | undefined {
  if (issued === undefined) return undefined
  const { arn, accessKeyId, expiresMs, subject } = issued
  return {
    ...{ arn: bounded(arn, keyMax), accessKeyId, expires: new Date(expiresMs).toISOString() },
    subject: bounded(subject, keyMax),
  }
}

function resourceFields(
  { bucket, ownId, decisions }: RequestNotes,
  { bucketName, key, versionId, prefix }: RequestDetails,
): object | undefined {
  const name = bucketName ?? bucket?.name
  const arn = decisions?.identityArn
  if (name === undefined && ownId === undefined && arn === undefined) return undefined
  return {
    arn: bounded(arn, keyMax),
    bucket: bounded(name, nameMax),
    tenant: bucket?.tenantId,
    key: bounded(key, keyMax),
    versionId: key === undefined ? undefined : bounded(versionId, versionIdMax),
    prefix: key === undefined ? bounded(prefix, keyMax) : undefined,
    id: ownId,
  }
}

function sourceFields({ source }: RequestDetails): object | undefined {
  if (source === undefined) return undefined
  return {
    bucket: boundedText(source.bucketName, nameMax),
    key: boundedText(source.key, keyMax),
    versionId: bounded(source.versionId, versionIdMax),
  }
}
