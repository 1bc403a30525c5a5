// The one question asked before every operation. Today the root user of a tenant may do anything
// within it and nobody else anything; policies and ACLs join here without touching an operation.
import { type Identity, rootUserName } from './identity.ts'

/** `bucket` and `key` are empty where the resource is wider. The tenant is the identity's own. */
export type Resource = { readonly bucket: string; readonly key: string }

export type Authorize = (question: {
  readonly identity: Identity
  /** An IAM action, such as `s3:GetObject`. */
  readonly action: string
  readonly resource: Resource
}) => Promise<boolean>

export const authorizeRoot: Authorize = async ({ identity }) => identity.userName === rootUserName
