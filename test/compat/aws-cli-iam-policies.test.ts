// The AWS command line on policies and roles: documents out of files, answers as people read them.
import assert from 'node:assert'
import { writeFileSync } from 'node:fs'
import { describe } from '../support/describe.ts'
import { awsFor } from './aws-cli-client.ts'
import { ClientServer } from './client-server.ts'
import { type Client, describeWithClient } from './run-client.ts'

const policy = {
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action: 's3:GetObject', Resource: 'arn:aws:s3:::reports/*' }],
}
const trust = {
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Principal: { AWS: '*' }, Action: 'sts:AssumeRole' }],
}

function awsCliTests(): void {
  describe('the AWS command line on policies and roles', (test) => {
    let server: ClientServer
    let aws: Client
    test.before(async () => {
      server = await ClientServer.start(1)
      aws = awsFor(server)
      writeFileSync(server.path('policy.json'), JSON.stringify(policy, undefined, 2))
      writeFileSync(server.path('trust.json'), JSON.stringify(trust))
    })
    test.after(() => server.close())
    const iam = async (...argv: readonly string[]) => {
      const printed = await aws.run('iam', ...argv)
      return printed === '' ? {} : JSON.parse(printed)
    }

    test('a role is made, gets a policy, is simulated and cleared away', async () => {
      const document = ['--policy-document', 'file://policy.json']
      const created = await iam('create-policy', '--policy-name', 'ReadReports', ...document)
      const { Arn: arn } = created.Policy
      const role = ['--role-name', 'reader']
      const assumed = ['--assume-role-policy-document', 'file://trust.json']
      const tags = ['--tags', 'Key=team,Value=blue']
      const made = await iam('create-role', ...role, ...assumed, ...tags)
      assert.deepStrictEqual(made.Role.AssumeRolePolicyDocument, trust)
      await iam('attach-role-policy', ...role, '--policy-arn', arn)
      const attached = await iam('list-attached-role-policies', ...role)
      assert.deepStrictEqual(attached.AttachedPolicies, [
        { PolicyName: 'ReadReports', PolicyArn: arn },
      ])
      const version = await iam('get-policy-version', '--policy-arn', arn, '--version-id', 'v1')
      assert.deepStrictEqual(version.PolicyVersion.Document, policy)
      const { EvaluationResults: results } = await iam(
        ...['simulate-principal-policy', '--policy-source-arn', made.Role.Arn],
        ...['--action-names', 's3:GetObject', 's3:PutObject'],
        ...['--resource-arns', 'arn:aws:s3:::reports/2026'],
      )
      assert.deepStrictEqual(
        results.map(({ EvalDecision }: { EvalDecision: string }) => EvalDecision),
        ['allowed', 'implicitDeny'],
      )
      assert.deepStrictEqual(results[0].MatchedStatements, [
        {
          ...{ SourcePolicyId: 'ReadReports', SourcePolicyType: 'user-managed' },
          ...{ StartPosition: { Line: 4, Column: 6 }, EndPosition: { Line: 8, Column: 6 } },
        },
      ])
      const conflict = await aws.fails('iam', 'delete-policy', '--policy-arn', arn)
      assert.match(conflict, /DeleteConflict.*Cannot delete a policy attached to entities/)
      await iam('detach-role-policy', ...role, '--policy-arn', arn)
      await iam('delete-role', ...role)
      await iam('delete-policy', '--policy-arn', arn)
      const { Policies: left } = await iam('list-policies', '--scope', 'Local')
      assert.deepStrictEqual(left, [])
    })

    test('what is wrong with a document is told with its place', async () => {
      writeFileSync(server.path('wrong.json'), JSON.stringify(policy).replace('Allow', 'allow'))
      const document = ['--policy-document', 'file://wrong.json']
      const told = await aws.fails('iam', 'create-policy', '--policy-name', 'Wrong', ...document)
      assert.match(
        told,
        /MalformedPolicyDocument.*Statement\[0\]\.Effect: must be "Allow" or "Deny"/,
      )
    })
  })
}

describeWithClient({ name: 'aws cli', probe: ['aws', '--version'] }, awsCliTests)
