// GetPublicAccessBlock of S3 Control. https://docs.aws.amazon.com/AmazonS3/latest/API/API_control_GetPublicAccessBlock.html
import { S3Error } from '../../../protocol/s3/s3-error.ts'
import { renderPublicAccessBlock } from '../../../protocol/s3/xml/public-access-block.ts'
import { controlNamespace } from '../../../protocol/s3/xml/xml-writer.ts'
import { accountId } from '../../access/owner.ts'
import { xmlReply } from '../../reply.ts'
import { requireOwnAccountNamed } from '../acl/account-of-request.ts'
import type { Operation, ServiceCall } from '../operation.ts'

export const getAccountPublicAccessBlock: Operation<ServiceCall> = async (call) => {
  requireOwnAccountNamed(call)
  const { tenantId } = call.identity
  const block = await call.services.accountBlocks.now(tenantId)
  if (block === undefined) {
    throw new S3Error('NoSuchPublicAccessBlockConfiguration', { AccountId: accountId(tenantId) })
  }
  return xmlReply(renderPublicAccessBlock(block, controlNamespace))
}
