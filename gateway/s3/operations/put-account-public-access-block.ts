// PutPublicAccessBlock of S3 Control. https://docs.aws.amazon.com/AmazonS3/latest/API/API_control_PutPublicAccessBlock.html
import { aclBytesMax } from '../../../protocol/s3/limits.ts'
import { readPublicAccessBlock } from '../../../protocol/s3/xml/public-access-block.ts'
import { requireOwnAccountNamed } from '../acl/account-of-request.ts'
import { changeAccountBlock } from '../acl/change-account-block.ts'
import type { Operation, ServiceCall } from '../operation.ts'

export const putAccountPublicAccessBlock: Operation<ServiceCall> = async (call) => {
  requireOwnAccountNamed(call)
  await changeAccountBlock(call, readPublicAccessBlock(await call.body.bytes(aclBytesMax)))
  return { status: 200 }
}
