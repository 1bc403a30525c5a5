// A policy document that has been checked, as it was written: what compiling, the meaning of "public" and
// showing it start from. https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html

/** What the document is attached to: users, groups and roles; a bucket; a role, as to who may assume it. */
export type PolicyKind = 'identity' | 'resource' | 'trust'

/** Policy variables exist since the later one. */
export type PolicyVersion = '2008-10-17' | '2012-10-17'

export type PolicyDocument = {
  readonly kind: PolicyKind
  readonly version: PolicyVersion
  readonly id?: string
  readonly statements: readonly Statement[]
}

export type Effect = 'Allow' | 'Deny'

export type Statement = {
  readonly sid?: string
  readonly effect: Effect
  /** Absent in policies of identities. */
  readonly principals?: Listed<PrincipalName>
  readonly actions: Listed<string>
  /** Absent in trust policies. Completed to six fields, or `*`. */
  readonly resources?: Listed<string>
  readonly conditions: readonly Condition[]
}

/** `but` stands for `NotAction`, `NotResource`, `NotPrincipal`: all that are not listed. */
export type Listed<T> = { readonly but: boolean; readonly values: readonly T[] }

export type PrincipalName =
  /** Also whoever has not signed. */
  | { readonly is: 'everyone' }
  /** 12 digits: an account delegates to its own policies. */
  | { readonly is: 'account'; readonly accountId: string }
  /** A user, a role, or the session of a role or of a federated user. */
  | { readonly is: 'arn'; readonly arn: string; readonly accountId: string }
  | { readonly is: 'canonical user'; readonly id: string }
  | { readonly is: 'identity provider'; readonly provider: string }
  | { readonly is: 'service'; readonly service: string }

export const baseOperators = [
  'StringEquals',
  'StringNotEquals',
  'StringEqualsIgnoreCase',
  'StringNotEqualsIgnoreCase',
  'StringLike',
  'StringNotLike',
  'NumericEquals',
  'NumericNotEquals',
  'NumericLessThan',
  'NumericLessThanEquals',
  'NumericGreaterThan',
  'NumericGreaterThanEquals',
  'DateEquals',
  'DateNotEquals',
  'DateLessThan',
  'DateLessThanEquals',
  'DateGreaterThan',
  'DateGreaterThanEquals',
  'Bool',
  'BinaryEquals',
  'IpAddress',
  'NotIpAddress',
  'ArnEquals',
  'ArnLike',
  'ArnNotEquals',
  'ArnNotLike',
  'Null',
] as const

export type BaseOperator = (typeof baseOperators)[number]

export type Condition = {
  readonly operator: BaseOperator
  /** How several values of one key are taken. Absent: the key has one value. */
  readonly over?: 'any' | 'all'
  readonly ifExists: boolean
  /** As written; compared without regard to case. */
  readonly key: string
  /** One of them has to match. */
  readonly values: readonly string[]
}
