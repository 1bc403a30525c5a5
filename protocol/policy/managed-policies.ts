// The managed policies of AWS that concern what this server does, under the names that tools know them by.
// https://docs.aws.amazon.com/aws-managed-policy/latest/reference/policy-list.html

export type ManagedPolicy = {
  readonly arn: string
  readonly name: string
  /** The one that AWS gives it. */
  readonly id: string
  readonly description: string
  /** JSON. */
  readonly document: string
}

type Named = { readonly name: string; readonly id: string }

function managed(
  { name, id }: Named,
  description: string,
  actions: string | readonly string[],
): readonly [string, ManagedPolicy] {
  const arn = `arn:aws:iam::aws:policy/${name}`
  const statement = { Effect: 'Allow', Action: actions, Resource: '*' }
  const document = JSON.stringify({ Version: '2012-10-17', Statement: [statement] }, undefined, 2)
  return [arn, { arn, name, id, description, document }]
}

/** By ARN. `ReadOnlyAccess` has of AWS's only the services that are here. */
export const managedPolicies: ReadonlyMap<string, ManagedPolicy> = new Map([
  managed(
    { name: 'AdministratorAccess', id: 'ANPAIWMBCKSKIEE64ZLYK' },
    'Everything in the account.',
    '*',
  ),
  managed(
    { name: 'AmazonS3FullAccess', id: 'ANPAIFIR6V6BVTRAHWINE' },
    'Everything with all buckets.',
    ['s3:*', 's3-object-lambda:*'],
  ),
  managed(
    { name: 'AmazonS3ReadOnlyAccess', id: 'ANPAIZTJ4DXE7G6AGAE6M' },
    'Reading and listing of all buckets.',
    ['s3:Get*', 's3:List*', 's3:Describe*', 's3-object-lambda:Get*', 's3-object-lambda:List*'],
  ),
  managed(
    { name: 'ReadOnlyAccess', id: 'ANPAILL3HVNFSB6DCOWYQ' },
    'Reading and listing of all buckets, users, roles and policies.',
    [
      'iam:Generate*',
      'iam:Get*',
      'iam:List*',
      'iam:Simulate*',
      's3:Describe*',
      's3:Get*',
      's3:List*',
    ],
  ),
])
