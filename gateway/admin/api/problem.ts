// What the admin API answers in place of what it was asked for, as problem details. Each kind has a code, a status and a
// title; what is said of the one case stands in `detail`, and nothing that a caller may not know.
// https://www.rfc-editor.org/rfc/rfc9457.html

export const problems = {
  InvalidRequest: [400, 'The request is not what this operation takes.'],
  NotSignedIn: [401, 'The request is not signed, or not by a key or token that is known here.'],
  Forbidden: [403, 'Whoever has signed the request may not do this.'],
  AccountSuspended: [403, 'The tenant is suspended or is being deleted.'],
  NotFound: [404, 'There is nothing at this path.'],
  NoSuchTenant: [404, 'There is no such tenant.'],
  NoSuchAdmin: [404, 'There is no such admin.'],
  NoSuchBucket: [404, 'There is no such bucket.'],
  NoSuchEntity: [404, 'There is no such user, group, policy or key.'],
  NoSuchToken: [404, 'There is no such token.'],
  MethodNotAllowed: [405, 'The path does not take this method.'],
  AlreadyExists: [409, 'Something of this name is there already.'],
  Conflict: [409, 'The state that something is in does not allow this.'],
  LimitExceeded: [409, 'There are as many as there may be.'],
  PreconditionFailed: [412, 'It was changed since it was read: If-Match names another ETag.'],
  BodyTooLarge: [413, 'The body is longer than any that is taken.'],
  UnsupportedMediaType: [415, 'The body must be application/json.'],
  IdempotencyKeyReused: [422, 'The idempotency key came with another request before.'],
  PreconditionRequired: [428, 'A change needs If-Match with the ETag of what is changed, or *.'],
  TooManyRequests: [429, 'There are too many requests. Try again after a while.'],
  InternalError: [500, 'The server has failed.'],
  Unavailable: [503, 'The server cannot answer now. Try again.'],
  InsufficientStorage: [507, 'There is no room left.'],
} as const satisfies Readonly<Record<string, readonly [status: number, title: string]>>

export type ProblemCode = keyof typeof problems

export type InvalidField = { readonly field: string; readonly problem: string }

export type ProblemMore = {
  /** For people. */
  readonly detail?: string
  /** Fields of the request that are not what they must be. Their values are not repeated. */
  readonly invalid?: readonly InvalidField[]
  readonly headers?: Readonly<Record<string, string>>
  readonly cause?: unknown
}

export class AdminProblem extends Error {
  override readonly name = 'AdminProblem'
  readonly code: ProblemCode
  readonly more: ProblemMore

  constructor(code: ProblemCode, more: ProblemMore = {}) {
    super(more.detail ?? problems[code][1], { cause: more.cause })
    this.code = code
    this.more = more
  }

  get status(): (typeof problems)[ProblemCode][0] {
    return problems[this.code][0]
  }
}

export const problemType = 'application/problem+json'

/** As JSON. `instance`: the path that was asked for. */
export function renderProblem(
  { code, status, more }: AdminProblem,
  { instance, requestId }: { readonly instance: string; readonly requestId: string },
): object {
  const { detail, invalid } = more
  return {
    type: `urn:holdfast:problem:${code}`,
    ...{ title: problems[code][1], status, code },
    ...(detail === undefined ? {} : { detail }),
    ...(invalid === undefined ? {} : { invalid }),
    ...{ instance, requestId },
  }
}
