// GetAccessKeyInfo: whose account a key is of, also one that is not active. Keys of sessions are known to nobody but who has
// their token. https://docs.aws.amazon.com/STS/latest/APIReference/API_GetAccessKeyInfo.html
import { QueryError } from '../../protocol/query/query-error.ts'
import { element } from '../../protocol/s3/xml/xml-writer.ts'
import { accountId } from '../access/owner.ts'
import type { QueryAction } from '../query/query-action.ts'
import { requireSts } from './require-sts.ts'

/** Those that an operator has chosen may have other characters, and be shorter, than IAM's. */
const accessKeyIdRule = { from: 3, to: 128 }

export const getAccessKeyInfo: QueryAction = async (call) => {
  const { parameters, identity, services } = call
  const accessKeyId = parameters.text('AccessKeyId', accessKeyIdRule)
  const { tenantId } = identity
  await requireSts(call, 'sts:GetAccessKeyInfo', { tenantId, arn: '*' })
  const key = await services.metadata.tenants.getAccessKey(accessKeyId)
  if (key === undefined) {
    throw new QueryError('ValidationError', 'The access key ID provided does not exist.')
  }
  return element('Account', accountId(key.tenantId))
}
