// Sets what an account blocks of public access to all its buckets: for this process at once, for others within a second.
import { S3Error } from '../../../protocol/s3/s3-error.ts'
import type { PublicAccessBlock } from '../../../protocol/s3/xml/public-access-block.ts'
import { accountDocument } from '../../acl/account-blocks.ts'
import type { ServiceCall } from '../operation.ts'

/** Times that somebody else changes the account in between. */
const triesMax = 30

/** Undefined: nothing any more. Throws `OperationAborted` when others never let it through. */
export async function changeAccountBlock(
  { identity, services }: ServiceCall,
  block: PublicAccessBlock | undefined,
): Promise<void> {
  const { tenantId } = identity
  const { identities } = services.metadata
  const place = { kind: 'account', name: accountDocument } as const
  for (let tries = 0; tries < triesMax; tries += 1) {
    const ifRevision = await identities.revision(tenantId)
    const before = (await identities.get(tenantId, 'account', accountDocument)) ?? {}
    const { publicAccessBlock, ...others } = before
    if (publicAccessBlock === undefined && block === undefined) return
    const document = block === undefined ? others : { ...others, publicAccessBlock: block }
    const change = { ifRevision, put: [{ ...place, document }], remove: [] }
    const { is } = await identities.commit(tenantId, change)
    if (is !== 'done') continue
    await services.accountBlocks.now(tenantId)
    return
  }
  throw new S3Error('OperationAborted')
}
