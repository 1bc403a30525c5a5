// Lists of what users have on AWS and never here: tools ask for them all before they delete a user.
// https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListMFADevices.html
import { members } from '../../../protocol/query/render-query-reply.ts'
import { element } from '../../../protocol/s3/xml/xml-writer.ts'
import { rootArn } from '../../access/owner.ts'
import type { QueryAction } from '../../query/query-action.ts'
import { readPage } from '../iam-page.ts'
import { requireAction } from '../require-action.ts'
import { findUser, namedUser } from '../users/found-user.ts'

export const listMfaDevices = noneOfUser('iam:ListMFADevices', 'MFADevices')
export const listSshPublicKeys = noneOfUser('iam:ListSSHPublicKeys', 'SSHPublicKeys')
export const listSigningCertificates = noneOfUser('iam:ListSigningCertificates', 'Certificates')
export const listServiceSpecificCredentials = noneOfUser(
  'iam:ListServiceSpecificCredentials',
  'ServiceSpecificCredentials',
)

export const listVirtualMfaDevices: QueryAction = async (call) => {
  readPage(call.parameters)
  call.parameters.word('AssignmentStatus', ['Assigned', 'Unassigned', 'Any'])
  await requireAction(call, 'iam:ListVirtualMFADevices', { arn: '*' })
  return none('VirtualMFADevices')
}

function noneOfUser(action: string, list: string): QueryAction {
  return async (call) => {
    readPage(call.parameters)
    const named = namedUser(call)
    if (named.is === 'root') {
      await requireAction(call, action, { arn: rootArn(call.identity.tenantId) })
    } else {
      await findUser(call, { name: named.name, action })
    }
    return none(list)
  }
}

function none(list: string): string {
  return members(list, []) + element('IsTruncated', false)
}
