// GetCallerIdentity: nobody has to be allowed it.
// https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html
import { element } from '../../protocol/s3/xml/xml-writer.ts'
import { accountId } from '../access/owner.ts'
import type { QueryAction } from '../query/query-action.ts'

export const getCallerIdentity: QueryAction = async ({ identity, services }) => {
  const { arn, userId } = await services.standings.now(identity)
  return (
    element('Arn', arn) +
    element('UserId', userId) +
    element('Account', accountId(identity.tenantId))
  )
}
