// Errors of services that speak AWS's query protocol: IAM and STS. Code, status and message are what a client sees.
// https://docs.aws.amazon.com/IAM/latest/APIReference/CommonErrors.html

export const queryErrors = {
  AccessDenied: 403,
  ConcurrentModification: 409,
  DeleteConflict: 409,
  EntityAlreadyExists: 409,
  EntityTemporarilyUnmodifiable: 409,
  ExpiredToken: 403,
  ExpiredTokenException: 400,
  IDPCommunicationError: 400,
  IDPRejectedClaim: 403,
  IncompleteSignature: 400,
  InternalFailure: 500,
  InvalidAction: 400,
  InvalidAuthorizationMessageException: 400,
  InvalidClientTokenId: 403,
  InvalidIdentityToken: 400,
  InvalidInput: 400,
  InvalidParameterValue: 400,
  InvalidUserType: 400,
  LimitExceeded: 409,
  MalformedPolicyDocument: 400,
  MalformedQueryString: 404,
  MissingAction: 400,
  MissingAuthenticationToken: 403,
  NoSuchEntity: 404,
  PackedPolicyTooLarge: 400,
  PasswordPolicyViolation: 400,
  PolicyEvaluation: 500,
  PolicyNotAttachable: 400,
  RegionDisabledException: 403,
  RequestExpired: 400,
  RequestTimeTooSkewed: 400,
  ServiceUnavailable: 503,
  SignatureDoesNotMatch: 403,
  SlowDown: 503,
  UnmodifiableEntity: 400,
  ValidationError: 400,
} as const satisfies Readonly<Record<string, number>>

export type QueryErrorCode = keyof typeof queryErrors

export class QueryError extends Error {
  override readonly name = 'QueryError'
  readonly code: QueryErrorCode

  constructor(code: QueryErrorCode, message: string) {
    super(message)
    this.code = code
  }

  get status(): number {
    return queryErrors[this.code]
  }
}

/** As AWS words it. `member` begins in lower case, whatever the parameter does. */
export function constraintError(
  value: string | undefined,
  parameter: string,
  constraint: string,
): QueryError {
  const member = parameter.charAt(0).toLowerCase() + parameter.slice(1)
  const shown = value === undefined ? 'null' : `'${value}'`
  return new QueryError(
    'ValidationError',
    `1 validation error detected: Value ${shown} at '${member}' failed to satisfy constraint: ${constraint}`,
  )
}
