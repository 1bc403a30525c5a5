// GetCallerIdentity: nobody has to be allowed it.
// https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html
import { QueryError } from '../../protocol/query/query-error.ts'
import { element } from '../../protocol/s3/xml/xml-writer.ts'
import { accountId } from '../access/owner.ts'
import type { QueryAction } from '../query/query-action.ts'

export const getCallerIdentity: QueryAction = async ({ identity, services }) => {
  const { arn, userId, isRevoked } = await services.standings.now(identity)
  if (isRevoked) {
    throw new QueryError(
      'InvalidClientTokenId',
      'The security token included in the request is invalid.',
    )
  }
  return (
    element('Arn', arn) +
    element('UserId', userId) +
    element('Account', accountId(identity.tenantId))
  )
}
