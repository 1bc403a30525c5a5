// The one question: may this caller do that? Today the root user of a tenant may do anything to what the
// tenant owns, and nobody else anything; policies and ACLs join here without touching an operation.
import type { IncomingHttpHeaders } from 'node:http'
import type { Bucket, TenantId } from '../../metadata/records.ts'
import type { Query } from '../../protocol/s3/request-target.ts'
import { byNothing, byRoot, type Decisions } from './decisions.ts'
import { type Identity, rootUserName } from './identity.ts'

/** A bucket as permissions see it. The id is missing of one that is no longer there. */
export type OwnedBucket = Pick<Bucket, 'tenantId' | 'name'> & Partial<Pick<Bucket, 'id'>>

/** What an action is done to. Its owner is the one of the bucket. */
export type Resource =
  /** All that the caller's tenant has. */
  | { readonly is: 'service' }
  /** `prefix`: of what is listed, where the query of the request does not tell it. */
  | { readonly is: 'bucket'; readonly bucket: OwnedBucket; readonly prefix?: string }
  | { readonly is: 'object'; readonly bucket: OwnedBucket; readonly key: string }

/** What conditions of policies can be about. Nothing is computed before it is asked for. */
export type RequestContext = {
  /** Node's: names in lower case. Of a form, its fields. */
  readonly headers: IncomingHttpHeaders
  readonly query: Query
  readonly isEncrypted: boolean
  readonly sourceIp: () => string | undefined
  /** Milliseconds since 1970. */
  readonly now: () => number
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

export const authorizeRoot: Authorize = ({ identity, decisions }) =>
  identity.is === 'user' && identity.userName === rootUserName
    ? new AllOfTenant(identity.tenantId, decisions)
    : nothingFor(decisions)

class AllOfTenant implements Decider {
  private readonly tenantId: TenantId
  private readonly decisions: Decisions | undefined

  constructor(tenantId: TenantId, decisions: Decisions | undefined) {
    this.tenantId = tenantId
    this.decisions = decisions
  }

  allows(action: string, resource: Resource): boolean {
    const isAllowed = resource.is === 'service' || resource.bucket.tenantId === this.tenantId
    this.decisions?.note(action, { isAllowed, by: isAllowed ? byRoot : byNothing })
    return isAllowed
  }

  allowsBelow(action: string, { bucket }: KeysBelow): Coarse {
    return this.allows(action, { is: 'bucket', bucket }) ? 'all' : 'none'
  }
}

const nothing: Decider = { allows: () => false, allowsBelow: () => 'none' }

function nothingFor(decisions: Decisions | undefined): Decider {
  if (decisions === undefined) return nothing
  const deny = (action: string) => decisions.note(action, { isAllowed: false, by: byNothing })
  return {
    allows: (action) => {
      deny(action)
      return false
    },
    allowsBelow: (action) => {
      deny(action)
      return 'none'
    },
  }
}
