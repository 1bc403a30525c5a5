// The one question: may this caller do that? Who answers it: `authorize-by-policies.ts`.
import type { IncomingHttpHeaders } from 'node:http'
import type { Bucket, Tag, TenantId, VersionId } from '../../metadata/records.ts'
import type { CompiledPolicy } from '../../protocol/policy/compile-policy.ts'
import type { ObjectOwnership } from '../../protocol/s3/acl/object-ownership.ts'
import type { Query } from '../../protocol/s3/request-target.ts'
import type { Decisions } from './decisions.ts'
import type { Identity } from './identity.ts'
import type { SignatureNote } from './signature-note.ts'

/** A bucket as permissions see it: its row, or of one that may not be there its owner and name. */
export type OwnedBucket = Bucket | Pick<Bucket, 'tenantId' | 'name'>

/** What an action is done to. Its owner is the one of the bucket. */
export type Resource =
  /** All that the caller's tenant has. */
  | { readonly is: 'service' }
  | ({ readonly is: 'bucket'; readonly bucket: OwnedBucket } & Listing & NewOwnership)
  /** A user, a role, a policy and the like, of a tenant. */
  | ({ readonly is: 'identity' } & IdentityResource)
  | {
      readonly is: 'object'
      readonly bucket: OwnedBucket
      readonly key: string
      /** Absent: the current one. */
      readonly versionId?: VersionId | undefined
      /** Tags that the request gives it. */
      readonly requestTags?: readonly Tag[]
      /** One that is to be made, whatever lies under the key. */
      readonly isNew?: true
    }

/** The object ownership that the bucket is to get, where the body of the request says so. */
export type NewOwnership = { readonly objectOwnership?: ObjectOwnership }

export type IdentityResource = {
  readonly tenantId: TenantId
  /** `arn:aws:iam::…`, or `*` for actions on no resource of their own. */
  readonly arn: string
  /** Of the resource. */
  readonly tags?: readonly Tag[]
  /** Tags that the request gives it, or takes. */
  readonly requestTags?: readonly Tag[]
  readonly tagKeys?: readonly string[]
  /** A policy that the caller has for this besides his own, by a setting of the account. */
  readonly allowedBesides?: CompiledPolicy
  /** Condition keys that the action has, such as `iam:permissionsboundary`, in lower case. */
  readonly keys?: Readonly<Record<string, string | readonly string[] | undefined>>
  /** Of a role that is to be assumed: nobody may unless this lets him. */
  readonly trust?: CompiledPolicy
  /** Who vouches for a caller that may not have signed: he is asked about as theirs, and has no policies. */
  readonly provider?: string
}

/** What is listed of a bucket, by an operation that lists. */
export type Listing = {
  readonly prefix?: string | undefined
  readonly delimiter?: string | undefined
  readonly maxKeys?: string | undefined
}

/** What conditions of policies can be about. Nothing is computed before it is asked for. */
export type RequestContext = {
  /** Node's: names in lower case. Of a form, its fields. */
  readonly headers: IncomingHttpHeaders
  readonly query: Query
  /** Of the request itself, also where it brings a form. */
  readonly userAgent: string | undefined
  readonly referer: string | undefined
  /** How it was signed; undefined: not at all. */
  readonly signature: () => SignatureNote | undefined
  readonly isEncrypted: boolean
  readonly sourceIp: () => string | undefined
  /** Milliseconds since 1970. */
  readonly now: () => number
  /** What is copied, as conditions name it. Absent: as its header does. */
  readonly copySource?: string
}

export type Asking = {
  readonly identity: Identity
  readonly context: RequestContext
  /** Is told of each answer, where there is one. */
  readonly decisions?: Decisions | undefined
}

/** What one caller may do, in one request: found out once, however often it is asked. */
export interface Decider {
  /** `action` is an IAM action, such as `s3:GetObject`. */
  allows(action: string, resource: Resource): boolean | Promise<boolean>
  /**
   * The same of all keys at once that begin with the prefix. `all` and `none` are sure; after `some`, each
   * key has to be asked for.
   */
  allowsBelow(action: string, below: KeysBelow): Coarse | Promise<Coarse>
}

export type KeysBelow = { readonly bucket: OwnedBucket; readonly prefix: string }
export type Coarse = 'all' | 'none' | 'some'

/** Called once a request. Throws nothing and waits for nothing: what has to be read is read when asked. */
export type Authorize = (asking: Asking) => Decider
