// The account that a request to S3 Control names: everybody has but his own there.
import { accountHeader } from '../../../protocol/s3/address.ts'
import { headerText } from '../../../protocol/s3/request-headers.ts'
import { S3Error } from '../../../protocol/s3/s3-error.ts'
import { accountId } from '../../access/owner.ts'
import type { ServiceCall } from '../operation.ts'

/** Throws `AccessDenied` for another. */
export function requireOwnAccountNamed({ headers, identity }: ServiceCall): void {
  if (headerText(headers, accountHeader) === accountId(identity.tenantId)) return
  throw new S3Error('AccessDenied')
}
