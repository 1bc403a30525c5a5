// The one document of the account as a whole, which is not there until something is put into it.
import type { AccountDocument } from '../../../metadata/identity-records.ts'
import type { AccountDraft } from '../change-account.ts'

/** `identity-records.ts` says where it lies. */
const place = 'account'

export async function readAccount(account: Pick<AccountDraft, 'get'>): Promise<AccountDocument> {
  return (await account.get('account', place)) ?? {}
}

export function putAccount(account: AccountDraft, document: AccountDocument): void {
  account.put('account', place, document)
}
