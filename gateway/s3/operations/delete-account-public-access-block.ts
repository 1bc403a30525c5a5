// DeletePublicAccessBlock of S3 Control. https://docs.aws.amazon.com/AmazonS3/latest/API/API_control_DeletePublicAccessBlock.html
import { requireOwnAccountNamed } from '../acl/account-of-request.ts'
import { changeAccountBlock } from '../acl/change-account-block.ts'
import type { Operation, ServiceCall } from '../operation.ts'

export const deleteAccountPublicAccessBlock: Operation<ServiceCall> = async (call) => {
  requireOwnAccountNamed(call)
  await changeAccountBlock(call, undefined)
  return { status: 204 }
}
