// What was asked of permissions in one request, and what was answered, for those who keep a record of it. Nobody
// else has one of these: a `Decider` tells it where there is one.

/** A statement without a `sid` is known by its place alone, from 0. */
export type StatementName = {
  readonly policy: string
  readonly sid?: string
  readonly index: number
}

/** What an answer rests on. Others join with those who give them. */
export type DecidedBy =
  /** The caller is the root user of the tenant that owns the resource, who may do anything there. */
  | { readonly is: 'root' }
  /** Nothing allows it. */
  | { readonly is: 'nothing' }
  /** A statement of a policy. */
  | ({ readonly is: 'statement' } & StatementName)
  /** Its statements together: of all keys at once that begin with a prefix. */
  | { readonly is: 'policy'; readonly policy: string }
  /**
   * The bucket's policy is public, and `RestrictPublicBuckets` leaves it to the bucket's own account; or it would be,
   * and `BlockPublicPolicy` refuses that; or an ACL would be public, and `BlockPublicAcls` does.
   */
  | { readonly is: 'publicAccessBlock' }
  /** The ACL of the bucket or the object grants it. */
  | { readonly is: 'acl'; readonly of: 'bucket' | 'object' }
  /** The object belongs to another account than the bucket, and its ACL does not grant it. */
  | { readonly is: 'objectOwner' }
  /** The headers expect another owner of the bucket, or of what is copied. */
  | { readonly is: 'expectedOwner'; readonly of: 'bucket' | 'source' }

export const byRoot: DecidedBy = { is: 'root' }
export const byNothing: DecidedBy = { is: 'nothing' }

export type Answer = { readonly isAllowed: boolean; readonly by: DecidedBy }

export type Verdict = 'allowed' | 'denied' | 'notAsked'

/** Who was asked about, as his account knows him. */
export type DecidedOf = { readonly arn: string; readonly type: string }

export class Decisions {
  /** Once it is known. */
  caller: DecidedOf | undefined
  /** ARN of the user, role, policy and the like that was asked about first. */
  identityArn: string | undefined
  readonly #actions = new Set<string>()
  #last: Answer | undefined
  #firstDenied: { readonly action?: string; readonly by: DecidedBy } | undefined

  note(action: string, answer: Answer): void {
    this.#actions.add(action)
    this.#last = answer
    if (!answer.isAllowed) this.#firstDenied ??= { action, by: answer.by }
  }

  /** The request as a whole is refused, whatever its actions were answered. */
  noteRefusal(by: DecidedBy): void {
    this.#firstDenied ??= { by }
  }

  /** IAM actions, each once, in the order in which they were first asked. */
  get actions(): readonly string[] {
    return [...this.#actions]
  }

  /** `denied` as soon as one action was, of whatever resource, or the request. */
  get verdict(): Verdict {
    if (this.#firstDenied !== undefined) return 'denied'
    return this.#last === undefined ? 'notAsked' : 'allowed'
  }

  /** What the first denial rests on; without any, what the last permission does. */
  get decidedBy(): DecidedBy | undefined {
    return (this.#firstDenied ?? this.#last)?.by
  }

  /** Undefined: none, or the request was refused as a whole first. */
  get deniedAction(): string | undefined {
    return this.#firstDenied?.action
  }
}
