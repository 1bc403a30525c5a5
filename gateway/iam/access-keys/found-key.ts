// Keys as users' documents list them, and as IAM's answers show them.
// https://docs.aws.amazon.com/IAM/latest/APIReference/API_AccessKeyMetadata.html
import type { UserDocument, UserKey } from '../../../metadata/identity-records.ts'
import { QueryError } from '../../../protocol/query/query-error.ts'
import { queryTime } from '../../../protocol/query/render-query-reply.ts'
import { element } from '../../../protocol/s3/xml/xml-writer.ts'

export function noSuchKey(accessKeyId: string): QueryError {
  return new QueryError('NoSuchEntity', `The Access Key with id ${accessKeyId} cannot be found.`)
}

/** Throws `NoSuchEntity`. */
export function requireListed({ accessKeys }: UserDocument, accessKeyId: string): void {
  if (!accessKeys.some((key) => key.accessKeyId === accessKeyId)) throw noSuchKey(accessKeyId)
}

/** `userName` is undefined of the root user, who has none. */
export function renderKey(userName: string | undefined, key: UserKey): string {
  return (
    element('UserName', userName) +
    element('AccessKeyId', key.accessKeyId) +
    element('Status', key.status === 'active' ? 'Active' : 'Inactive') +
    element('CreateDate', queryTime(key.createdMs))
  )
}
