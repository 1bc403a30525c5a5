// The managed policies of AWS that concern what this server does, under the names that tools know them by.
// https://docs.aws.amazon.com/aws-managed-policy/latest/reference/policy-list.html

export type ManagedPolicy = {
  readonly arn: string
  readonly name: string
  readonly description: string
  /** JSON. */
  readonly document: string
}

function managed(name: string, description: string, actions: string | readonly string[]) {
  const arn = `arn:aws:iam::aws:policy/${name}`
  const statement = { Effect: 'Allow', Action: actions, Resource: '*' }
  const document = JSON.stringify({ Version: '2012-10-17', Statement: [statement] }, undefined, 2)
  return [arn, { arn, name, description, document }] as const
}

/** By ARN. `ReadOnlyAccess` has of AWS's only the services that are here. */
export const managedPolicies: ReadonlyMap<string, ManagedPolicy> = new Map([
  managed('AdministratorAccess', 'Everything in the account.', '*'),
  managed('AmazonS3FullAccess', 'Everything with all buckets.', ['s3:*', 's3-object-lambda:*']),
  managed('AmazonS3ReadOnlyAccess', 'Reading and listing of all buckets.', [
    's3:Get*',
    's3:List*',
    's3:Describe*',
    's3-object-lambda:Get*',
    's3-object-lambda:List*',
  ]),
  managed('ReadOnlyAccess', 'Reading and listing of all buckets, users, roles and policies.', [
    'iam:Generate*',
    'iam:Get*',
    'iam:List*',
    'iam:Simulate*',
    's3:Describe*',
    's3:Get*',
    's3:List*',
  ]),
])
