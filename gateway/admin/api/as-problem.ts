// What went wrong, as the problem that is answered: refusals of signatures, of IAM and of stores have other names elsewhere.
import { HTTPException } from 'hono/http-exception'
import { QueryError, type QueryErrorCode } from '../../../protocol/query/query-error.ts'
import { S3Error } from '../../../protocol/s3/s3-error.ts'
import { asS3Error } from '../../data/storage-failure.ts'
import { AdminProblem, type ProblemCode } from './problem.ts'

const ofQuery: Partial<Readonly<Record<QueryErrorCode, ProblemCode>>> = {
  ConcurrentModification: 'Conflict',
  DeleteConflict: 'Conflict',
  EntityAlreadyExists: 'AlreadyExists',
  EntityTemporarilyUnmodifiable: 'Conflict',
  InvalidInput: 'InvalidRequest',
  LimitExceeded: 'LimitExceeded',
  MalformedPolicyDocument: 'InvalidRequest',
  NoSuchEntity: 'NoSuchEntity',
  PasswordPolicyViolation: 'InvalidRequest',
  PolicyNotAttachable: 'InvalidRequest',
  UnmodifiableEntity: 'Conflict',
  ValidationError: 'InvalidRequest',
}

/** Of stores that are out of reach, or full. */
const ofStorage: Readonly<Record<string, ProblemCode>> = {
  SlowDown: 'Unavailable',
  ServiceUnavailable: 'Unavailable',
  InsufficientStorage: 'InsufficientStorage',
}

export function asProblem(cause: unknown): AdminProblem {
  if (cause instanceof AdminProblem) return cause
  if (cause instanceof QueryError) {
    const code = ofQuery[cause.code]
    if (code !== undefined) return new AdminProblem(code, { detail: cause.message, cause })
  }
  if (cause instanceof HTTPException) {
    // Hono's own: of bodies that are no JSON.
    const code = cause.status < 500 ? 'InvalidRequest' : 'InternalError'
    return new AdminProblem(code, { detail: 'The body is not JSON.', cause })
  }
  const { code } = asS3Error(cause)
  return new AdminProblem(ofStorage[code] ?? 'InternalError', { cause })
}

/** Of what a signature was refused with: nobody learns which part of it was wrong but by what he can compute himself. */
export function asSignInProblem(cause: unknown): AdminProblem {
  if (!(cause instanceof S3Error) || cause.status >= 500) return asProblem(cause)
  if (cause.code === 'AccountProblem') return new AdminProblem('AccountSuspended', { cause })
  const known = cause.code === 'InvalidAccessKeyId' || cause.code === 'SignatureDoesNotMatch'
  return new AdminProblem('NotSignedIn', known ? { cause } : { detail: cause.message, cause })
}
