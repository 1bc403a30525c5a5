// Sets what an account blocks of public access to all its buckets: for this process at once, for others within a second.

import { QueryError } from '../../../protocol/query/query-error.ts'
import { S3Error } from '../../../protocol/s3/s3-error.ts'
import type { PublicAccessBlock } from '../../../protocol/s3/xml/public-access-block.ts'
import { accountDocument } from '../../acl/account-blocks.ts'
import { changeAccount } from '../../iam/change-account.ts'
import type { ServiceCall } from '../operation.ts'

/** Undefined: nothing any more. Throws `OperationAborted` when others never let it through. */
export async function changeAccountBlock(
  { identity, services }: ServiceCall,
  block: PublicAccessBlock | undefined,
): Promise<void> {
  const { tenantId } = identity
  try {
    await changeAccount(services.metadata.identities, tenantId, async (account) => {
      const { publicAccessBlock: before, ...others } =
        (await account.get('account', accountDocument)) ?? {}
      if (before === undefined && block === undefined) return
      const document = block === undefined ? others : { ...others, publicAccessBlock: block }
      account.put('account', accountDocument, document)
    })
  } catch (cause) {
    if (!(cause instanceof QueryError)) throw cause
    throw new S3Error('OperationAborted', {}, { cause })
  }
  await services.accountBlocks.now(tenantId)
}
