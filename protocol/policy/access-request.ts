// What is asked of policies: who does what to what, and under which circumstances.

/**
 * Condition keys of one request. Called only for keys that a policy names, with ASCII letters in lower
 * case. A list for keys that can have several values, also while they have one: conditions then need
 * ForAnyValue or ForAllValues. Undefined and an empty list: the request does not have the key.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
 */
export interface ContextKeys {
  get(key: string): string | readonly string[] | undefined
}

type OfAccount = {
  /** 12 digits. */
  readonly accountId: string
  /** As S3 names the account. */
  readonly canonicalUserId?: string
}

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html */
export type Principal =
  | { readonly is: 'anonymous' }
  /** `arn:aws:iam::ACCOUNT:root` */
  | ({ readonly is: 'root'; readonly arn: string } & OfAccount)
  /** `arn:aws:iam::ACCOUNT:user/PATH/NAME` */
  | ({ readonly is: 'user'; readonly arn: string } & OfAccount)
  | ({
      readonly is: 'role session'
      /** `arn:aws:sts::ACCOUNT:assumed-role/ROLE/SESSION` */
      readonly arn: string
      /** `arn:aws:iam::ACCOUNT:role/PATH/ROLE` */
      readonly roleArn: string
      /** Who vouched for the session, of a role that was assumed with a token from elsewhere. */
      readonly provider?: string
    } & OfAccount)
  | ({
      readonly is: 'federated user'
      /** `arn:aws:sts::ACCOUNT:federated-user/NAME` */
      readonly arn: string
      /** The user who asked for the session. */
      readonly userArn: string
    } & OfAccount)
  /** Somebody with a token from elsewhere who has no role yet: asked of trust policies. */
  | { readonly is: 'identity provider'; readonly provider: string }
  /** `replication.s3.amazonaws.com` and such. */
  | { readonly is: 'service'; readonly service: string }

export type AccessRequest = {
  readonly principal: Principal
  /** `s3:GetObject` */
  readonly action: string
  readonly resource: {
    readonly arn: string
    /**
     * What the policies of the caller must call it, where that is something else: a bucket in another account's namespace is
     * not one of theirs that has the same name.
     */
    readonly arnAbroad?: string
    /** Whose it is. */
    readonly accountId: string
  }
  readonly context: ContextKeys
}
