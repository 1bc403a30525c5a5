// What turns out while a request is worked on, for those who watch (`http/request-record.ts`). Nothing secret is
// noted: no secret key, token, signature or body.
import type { Bucket } from '../../metadata/records.ts'
import type { QueryErrorCode } from '../../protocol/query/query-error.ts'
import type { DeletionResult } from '../../protocol/s3/xml/render-delete-objects.ts'
import type { Decisions } from '../access/decisions.ts'
import type { Identity } from '../access/identity.ts'
import type { SignatureNotes } from '../access/signature-note.ts'

/** Whose credentials were handed out, and never what they are. */
export type IssuedSession = {
  readonly arn: string
  readonly accessKeyId: string
  /** Milliseconds since 1970. */
  readonly expiresMs: number
  /** Who was let in by somebody else's word, as that calls him: a subject, or a name in a directory. */
  readonly subject?: string
}

export type RequestNotes = SignatureNotes & {
  /** Once it is proven. */
  identity: Identity | undefined
  /** Once it is found. Its owner is whose request this counts as. */
  bucket: Pick<Bucket, 'name' | 'tenantId'> | undefined
  /** Of a form, which alone knows it. */
  formKey: string | undefined
  /** Of a bundle or an archive job. */
  ownId: string | undefined
  /** What opened a bundle in place of a signature, once it is proven. */
  openedBy: 'bundleToken' | 'bundleSecret' | undefined
  /** Of DeleteObjects, by the order of its list. Undefined: never begun, or nobody knows. */
  deletions: readonly (DeletionResult | undefined)[] | undefined
  /** Of a session that STS has begun. */
  issued: IssuedSession | undefined
  /** What IAM or STS have answered. */
  queryError: QueryErrorCode | undefined
  /** Undefined: nobody wants to know. */
  readonly decisions: Decisions | undefined
}

/** Field by field, as everything that each request passes. */
export function newNotes(decisions: Decisions | undefined): RequestNotes {
  return {
    signature: undefined,
    identity: undefined,
    bucket: undefined,
    formKey: undefined,
    ownId: undefined,
    openedBy: undefined,
    deletions: undefined,
    issued: undefined,
    queryError: undefined,
    decisions,
  }
}
