// CreateAccountAlias, ListAccountAliases, DeleteAccountAlias: a name for the account, of which it has one at most. It says
// nothing of other accounts: two may have the same.
// https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateAccountAlias.html
import { QueryError } from '../../../protocol/query/query-error.ts'
import type { TextRule } from '../../../protocol/query/query-parameters.ts'
import { members } from '../../../protocol/query/render-query-reply.ts'
import { element, escapeXml } from '../../../protocol/s3/xml/xml-writer.ts'
import type { QueryAction } from '../../query/query-action.ts'
import { changeAccount } from '../change-account.ts'
import { readPage } from '../iam-page.ts'
import { requireAction } from '../require-action.ts'
import { accountOf } from '../users/found-user.ts'
import { putAccount, readAccount } from './account-document.ts'

const aliasRule: TextRule = {
  from: 3,
  to: 63,
  pattern: /^[a-z0-9](?:[a-z0-9]|-(?!-)){1,61}[a-z0-9]$/,
}
const anyResource = { arn: '*' } as const

/** In the place of the one that there was. */
export const createAccountAlias: QueryAction = async (call) => {
  const alias = call.parameters.text('AccountAlias', aliasRule)
  await requireAction(call, 'iam:CreateAccountAlias', anyResource)
  const { identities } = call.services.metadata
  await changeAccount(identities, call.identity.tenantId, async (account) => {
    const document = await readAccount(account)
    if (document.alias === alias) {
      throw new QueryError('EntityAlreadyExists', `The account alias ${alias} already exists.`)
    }
    putAccount(account, { ...document, alias })
  })
  return undefined
}

export const listAccountAliases: QueryAction = async (call) => {
  const { after } = readPage(call.parameters)
  await requireAction(call, 'iam:ListAccountAliases', anyResource)
  const { alias } = await readAccount(accountOf(call))
  const shown = alias === undefined || after !== undefined ? [] : [escapeXml(alias)]
  return members('AccountAliases', shown) + element('IsTruncated', false)
}

export const deleteAccountAlias: QueryAction = async (call) => {
  const alias = call.parameters.text('AccountAlias', aliasRule)
  await requireAction(call, 'iam:DeleteAccountAlias', anyResource)
  const { identities } = call.services.metadata
  await changeAccount(identities, call.identity.tenantId, async (account) => {
    const { alias: there, ...others } = await readAccount(account)
    if (there !== alias) {
      throw new QueryError('NoSuchEntity', `The account alias ${alias} cannot be found.`)
    }
    putAccount(account, others)
  })
  return undefined
}
