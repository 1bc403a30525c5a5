// Which function serves which action on access keys.
import type { QueryAction } from '../../query/query-action.ts'
import { deleteAccessKey, updateAccessKey } from './change-access-key.ts'
import { createAccessKey } from './create-access-key.ts'
import { getAccessKeyLastUsed, listAccessKeys } from './list-access-keys.ts'

export const accessKeyActions: Readonly<Record<string, QueryAction>> = {
  CreateAccessKey: createAccessKey,
  DeleteAccessKey: deleteAccessKey,
  GetAccessKeyLastUsed: getAccessKeyLastUsed,
  ListAccessKeys: listAccessKeys,
  UpdateAccessKey: updateAccessKey,
}
