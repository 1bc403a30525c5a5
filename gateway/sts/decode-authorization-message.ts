// DecodeAuthorizationMessage: refusals here are told in words, and none has ever had an encoded message.
// https://docs.aws.amazon.com/STS/latest/APIReference/API_DecodeAuthorizationMessage.html
import { QueryError } from '../../protocol/query/query-error.ts'
import type { QueryAction } from '../query/query-action.ts'
import { requireSts } from './require-sts.ts'

export const decodeAuthorizationMessage: QueryAction = async (call) => {
  call.parameters.text('EncodedMessage', { from: 1, to: 10_240 })
  const { tenantId } = call.identity
  await requireSts(call, 'sts:DecodeAuthorizationMessage', { tenantId, arn: '*' })
  throw new QueryError('InvalidAuthorizationMessageException', 'The message is not valid.')
}
