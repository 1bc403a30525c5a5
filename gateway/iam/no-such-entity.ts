// Refusals that many actions of IAM share, as AWS words them.
import { QueryError } from '../../protocol/query/query-error.ts'

export type EntityKind = 'user' | 'group' | 'role'

/** `name` as it was asked for. */
export function noSuchEntity(kind: EntityKind, name: string): QueryError {
  return new QueryError('NoSuchEntity', `The ${kind} with name ${name} cannot be found.`)
}

export function entityExists(kind: EntityKind, name: string): QueryError {
  const shown = kind.charAt(0).toUpperCase() + kind.slice(1)
  return new QueryError('EntityAlreadyExists', `${shown} with name ${name} already exists.`)
}

/** `quota` as in `UsersPerAccount`. */
export function limitExceeded(quota: string, limit: number): QueryError {
  return new QueryError('LimitExceeded', `Cannot exceed quota for ${quota}: ${limit}`)
}

/** `what` as in `must delete access keys first`. */
export function deleteConflict(what: string): QueryError {
  return new QueryError('DeleteConflict', `Cannot delete entity, ${what}.`)
}
