// Makes the credentials of a session, and the markup in which they are handed out: the only time that anybody sees them.
// https://docs.aws.amazon.com/STS/latest/APIReference/API_Credentials.html
import { queryTime } from '../../protocol/query/render-query-reply.ts'
import { element, parent } from '../../protocol/s3/xml/xml-writer.ts'
import type { Session } from '../access/identity.ts'
import { issueSession, type SessionOwner } from '../access/keys/session-token.ts'
import { accountId, stsArn } from '../access/owner.ts'
import type { OpenQueryCall, QueryServices } from '../query/query-action.ts'
import type { IssuedSession } from '../s3/request-notes.ts'
import { packedPercent } from './packed-size.ts'
import type { TargetRole } from './target-role.ts'

export type NewSession = Omit<Session, 'issuedMs' | 'expiresMs'> & { readonly seconds: number }

type Issuing = {
  readonly services: Pick<QueryServices, 'masterKey' | 'random' | 'now'>
  readonly notes?: OpenQueryCall['notes']
}

type IssuedTo = Omit<SessionOwner, 'session'> & Pick<IssuedSession, 'arn' | 'subject'>

/** The `Credentials`, and `PackedPolicySize` where there is one. Throws `PackedPolicyTooLarge`. */
export function beginSession(
  { services: { masterKey, random, now }, notes }: Issuing,
  { tenantId, userName, arn, subject }: IssuedTo,
  { seconds, ...rest }: NewSession,
): { readonly credentials: string; readonly packedSize: string } {
  const issuedMs = now()
  // Clients are told whole seconds.
  const expiresMs = Math.floor(issuedMs / 1000 + seconds) * 1000
  const session: Session = { ...rest, issuedMs, expiresMs }
  const percent = packedPercent(session)
  const issued = issueSession(masterKey, { tenantId, userName, session }, random)
  if (notes !== undefined) {
    const { accessKeyId } = issued
    notes.issued = { arn, accessKeyId, expiresMs, ...(subject === undefined ? {} : { subject }) }
  }
  const credentials = parent(
    'Credentials',
    element('AccessKeyId', issued.accessKeyId),
    element('SecretAccessKey', issued.secretAccessKey),
    element('SessionToken', issued.sessionToken),
    element('Expiration', queryTime(expiresMs)),
  )
  return {
    credentials,
    packedSize: percent === undefined ? '' : element('PackedPolicySize', percent),
  }
}

/** What answers of all actions that assume a role have in common. */
export function beginRoleSession(
  call: Issuing,
  { tenantId, role, subject }: TargetRole & Pick<IssuedSession, 'subject'>,
  session: Omit<NewSession, 'of' | 'ownerId'>,
): string {
  const { name, sourceIdentity } = session
  const arn = stsArn(tenantId, `assumed-role/${role.name}/${name}`)
  const to = { tenantId, userName: role.name, arn, ...(subject === undefined ? {} : { subject }) }
  const begun = beginSession(call, to, { ...session, of: 'role', ownerId: role.id })
  const user = parent(
    'AssumedRoleUser',
    element('AssumedRoleId', `${role.id}:${name}`),
    element('Arn', arn),
  )
  const source = sourceIdentity === undefined ? '' : element('SourceIdentity', sourceIdentity)
  return begun.credentials + user + begun.packedSize + source
}

export function federatedUser({
  tenantId,
  name,
}: Pick<SessionOwner, 'tenantId'> & { name: string }) {
  return parent(
    'FederatedUser',
    element('FederatedUserId', `${accountId(tenantId)}:${name}`),
    element('Arn', stsArn(tenantId, `federated-user/${name}`)),
  )
}
