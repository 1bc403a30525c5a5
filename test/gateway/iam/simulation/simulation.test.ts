// What the simulator says of policies, which it answers without anybody asking for anything.
import assert from 'node:assert'
import {
  type EvaluationResult,
  GetContextKeysForCustomPolicyCommand,
  GetContextKeysForPrincipalPolicyCommand,
  SimulateCustomPolicyCommand,
  type SimulateCustomPolicyCommandInput,
  SimulatePrincipalPolicyCommand,
} from '@aws-sdk/client-iam'
import { describe } from '../../../support/describe.ts'
import {
  account,
  allow,
  type Clients,
  deny,
  IamServer,
  own,
  policyText,
  refusedWith,
  type Statement,
  trustText,
  variable,
} from '../iam-server.ts'

/** AWS's own example, with the places that AWS shows for it. */
const dated =
  '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"dynamodb:*","Resource":"*","Condition":{"DateGreaterThan":{"aws:CurrentTime":"2018-08-16T12:00:00Z"}}}}'

describe('the simulator', (test) => {
  let server: IamServer
  let iam: Clients['iam']
  let user: Clients
  test.before(async () => {
    server = await IamServer.start()
    iam = server.root.iam
    await server.addGroup('staff', {
      inline: [{ name: 'OfStaff', document: policyText(allow('s3:ListBucket')) }],
    })
    user = await server.addUser('Sim', {
      groups: ['staff'],
      tags: [{ key: 'Team', value: 'blue' }],
      attached: ['arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess'],
      inline: [
        {
          name: 'OfSim',
          document: policyText(
            allow('s3:PutObject', `arn:aws:s3:::home/${variable('aws:username')}/*`),
            deny('s3:GetObject', 'arn:aws:s3:::secret/*'),
          ),
        },
      ],
    })
    await server.put({
      ...{ kind: 'role', name: 'worker' },
      document: {
        ...{ id: 'AROAWORKER', name: 'Worker', path: '/', createdMs: 0, tags: [], description: '' },
        ...{ trust: trustText(), sessionSecondsMax: 3600, attached: [] },
        inline: [{ name: 'Own', document: policyText(allow('s3:GetObject')) }],
        boundary: 'arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess',
      },
    })
  })
  test.after(() => server.stop())

  const custom = async (input: Partial<SimulateCustomPolicyCommandInput>) => {
    const { EvaluationResults = [] } = await iam.send(
      new SimulateCustomPolicyCommand({ PolicyInputList: [dated], ActionNames: [], ...input }),
    )
    return EvaluationResults
  }
  const principal = async (ActionNames: string[], ResourceArns?: string[], more: object = {}) => {
    const { EvaluationResults = [] } = await iam.send(
      new SimulatePrincipalPolicyCommand({
        ...{ PolicySourceArn: own('user', 'Sim'), ActionNames },
        ...(ResourceArns === undefined ? {} : { ResourceArns }),
        ...more,
      }),
    )
    return EvaluationResults
  }

  test("AWS's example: allowed after a date, with the statement and its places", async () => {
    const at = (...ContextKeyValues: string[]) => [
      { ContextKeyName: 'aws:CurrentTime', ContextKeyValues, ContextKeyType: 'date' as const },
    ]
    const ActionNames = ['dynamodb:CreateBackup']
    const [later] = await custom({ ActionNames, ContextEntries: at('2019-04-25T11:00:00Z') })
    assert.deepStrictEqual(later, {
      ...{ EvalActionName: 'dynamodb:CreateBackup', EvalResourceName: '*' },
      ...{ EvalDecision: 'allowed', MissingContextValues: [] },
      MatchedStatements: [
        {
          ...{ SourcePolicyId: 'PolicyInputList.1', SourcePolicyType: 'none' },
          ...{ StartPosition: { Line: 1, Column: 38 }, EndPosition: { Line: 1, Column: 167 } },
        },
      ],
    })
    const [earlier] = await custom({ ActionNames, ContextEntries: at('2014-04-25T11:00:00Z') })
    assert.deepStrictEqual(verdictOf(earlier), ['implicitDeny'])
    const [unknown] = await custom({ ActionNames })
    assert.deepStrictEqual(unknown?.MissingContextValues, ['aws:CurrentTime'])
    assert.equal(unknown?.EvalDecision, 'implicitDeny')
  })

  test("a user's own policies, his groups' and AWS's, by action and resource", async () => {
    const actions = ['s3:ListBucket', 's3:PutObject', 's3:GetObject']
    const results = await principal(actions, ['arn:aws:s3:::home/Sim/a', 'arn:aws:s3:::secret/a'])
    const ofAws = 'aws-managed AmazonS3ReadOnlyAccess'
    assert.deepStrictEqual(results.map(verdictOf), [
      ['allowed', ofAws, 'group OfStaff'],
      ['allowed', ofAws, 'group OfStaff'],
      ['allowed', 'user OfSim'],
      ['implicitDeny'],
      ['allowed', ofAws],
      ['explicitDeny', 'user OfSim'],
    ])
    assert.deepStrictEqual(
      results.map(
        ({ EvalActionName, EvalResourceName }) => `${EvalActionName} ${EvalResourceName}`,
      ),
      actions.flatMap((action) => [
        `${action} arn:aws:s3:::home/Sim/a`,
        `${action} arn:aws:s3:::secret/a`,
      ]),
    )
    const [specific] = results[5]?.ResourceSpecificResults ?? []
    assert.equal(specific?.EvalResourceDecision, 'explicitDeny')
    assert.equal(specific?.EvalResourceName, 'arn:aws:s3:::secret/a')
  })

  test('a boundary, there or given instead, is told apart', async () => {
    const PolicySourceArn = own('role', 'Worker')
    const role = async (more: object) => {
      const input = { PolicySourceArn, ActionNames: ['s3:GetObject', 's3:PutObject'], ...more }
      const { EvaluationResults = [] } = await iam.send(new SimulatePrincipalPolicyCommand(input))
      return EvaluationResults.map(
        ({ EvalDecision, PermissionsBoundaryDecisionDetail: detail }) => [
          EvalDecision,
          detail?.AllowedByPermissionsBoundary,
        ],
      )
    }
    assert.deepStrictEqual(await role({}), [
      ['allowed', true],
      ['implicitDeny', false],
    ])
    const all = policyText(allow('s3:*'))
    assert.deepStrictEqual(await role({ PolicyInputList: [all] }), [
      ['allowed', true],
      ['implicitDeny', false],
    ])
    const given = { PermissionsBoundaryPolicyInputList: [policyText(allow('s3:PutObject'))] }
    assert.deepStrictEqual(await role({ PolicyInputList: [all], ...given }), [
      ['implicitDeny', false],
      ['allowed', true],
    ])
    // What allows is the role's; the boundary has only agreed. What denies may be the boundary's.
    const matched = async (...statements: readonly Statement[]) => {
      const { EvaluationResults: [result] = [] } = await iam.send(
        new SimulatePrincipalPolicyCommand({
          ...{ PolicySourceArn, ActionNames: ['s3:GetObject'] },
          PermissionsBoundaryPolicyInputList: [policyText(...statements)],
        }),
      )
      return verdictOf(result)
    }
    assert.deepStrictEqual(await matched(allow('s3:*')), ['allowed', 'role Own'])
    assert.deepStrictEqual(await matched(allow('s3:*'), deny('s3:Get*')), [
      ...['explicitDeny', 'none PermissionsBoundaryPolicyInputList.1'],
    ])
    const two = { PermissionsBoundaryPolicyInputList: [all, all] }
    await refusedWith(role(two), 'InvalidInput', 400)
  })

  test('resource policies: of the own account and of another', async () => {
    const ResourceArns = ['arn:aws:s3:::open/key']
    const of = (AWS: string) =>
      policyText({ ...allow('s3:PutObject', 'arn:aws:s3:::open/*'), Principal: { AWS } })
    const put = async (ResourcePolicy: string, more: object = {}) => {
      const [result] = await principal(['s3:PutObject'], ResourceArns, { ResourcePolicy, ...more })
      return verdictOf(result)
    }
    assert.deepStrictEqual(await put(of(own('user', 'Sim'))), [
      'allowed',
      'resource ResourcePolicy',
    ])
    assert.deepStrictEqual(await put(of(own('user', 'Other'))), ['implicitDeny'])
    // Across accounts both sides have to allow it.
    const ResourceOwner = '999999999999'
    assert.deepStrictEqual(await put(of(own('user', 'Sim')), { ResourceOwner }), ['implicitDeny'])
    const PolicyInputList = [policyText(allow('s3:PutObject'))]
    const both = await put(of(own('user', 'Sim')), { ResourceOwner, PolicyInputList })
    assert.deepStrictEqual(both, ['allowed', 'none PolicyInputList.1', 'resource ResourcePolicy'])
    const CallerArn = own('user', 'Other')
    const asOther = await put(of(CallerArn), { CallerArn })
    assert.deepStrictEqual(asOther, ['allowed', 'resource ResourcePolicy'])
    const none = custom({ ActionNames: ['s3:PutObject'], ResourcePolicy: of(account) })
    assert.match(await refusedWith(none, 'InvalidInput', 400), /CallerArn must be provided/)
    await refusedWith(put(of(CallerArn), { CallerArn: own('role', 'Worker') }), 'InvalidInput', 400)
  })

  test('context: lists, numbers, tags of the principal, and what is missing, as it is written', async () => {
    const other = {
      ...allow('s3:GetObject'),
      Condition: { Bool: { 'aws:SecureTransport': 'true' } },
    }
    const text = policyText(other, {
      ...allow('s3:PutObject', `arn:aws:s3:::a/${variable('aws:PrincipalTag/team')}/*`),
      Condition: {
        'ForAllValues:StringEquals': { 'aws:TagKeys': ['a', 'b'] },
        NumericLessThan: { 's3:max-keys': '10' },
        StringLike: { 'aws:UserAgent': 'x*' },
      },
    })
    const more = (keys: string[]) => ({
      PolicyInputList: [text],
      ContextEntries: [
        { ContextKeyName: 'aws:TAGKEYS', ContextKeyValues: keys, ContextKeyType: 'stringList' },
        { ContextKeyName: 's3:max-keys', ContextKeyValues: ['9'], ContextKeyType: 'numeric' },
      ],
    })
    const resources = ['arn:aws:s3:::a/blue/x']
    const [missing] = await principal(['s3:PutObject'], resources, more(['a']))
    assert.deepStrictEqual(missing?.ResourceSpecificResults?.[0]?.MissingContextValues, [
      'aws:UserAgent',
    ])
    assert.deepStrictEqual(missing?.MissingContextValues, [])
    const agent = { ContextKeyName: 'aws:UserAgent', ContextKeyValues: ['xyz'] }
    const whole = (keys: string[]) => {
      const { ContextEntries, ...rest } = more(keys)
      return { ...rest, ContextEntries: [...ContextEntries, agent] }
    }
    const decide = async (keys: string[], resource = resources) =>
      (await principal(['s3:PutObject'], resource, whole(keys)))[0]?.EvalDecision
    assert.equal(await decide(['a', 'b']), 'allowed')
    assert.equal(await decide(['a', 'c']), 'implicitDeny')
    assert.equal(await decide(['a'], ['arn:aws:s3:::a/red/x']), 'implicitDeny')
  })

  test('places are lines and columns, of each statement by itself', async () => {
    const [first, second] = [allow('s3:A'), deny('s3:B')]
    const text = JSON.stringify(
      { Id: 'Statement', Version: '2012-10-17', Statement: [first, { ...second, Sid: 'x' }] },
      undefined,
      4,
    )
    const results = await custom({ PolicyInputList: [dated, text], ActionNames: ['s3:A', 's3:B'] })
    const lines = text.split('\n')
    const starts = lines.flatMap((line, at) => (line === '        {' ? [at + 1] : []))
    const shown = results.map(({ MatchedStatements: [matched] = [] }) => [
      matched?.SourcePolicyId,
      matched?.StartPosition?.Line,
      matched?.StartPosition?.Column,
      lines[(matched?.EndPosition?.Line ?? 0) - 1]?.trim(),
    ])
    assert.deepStrictEqual(shown, [
      ['PolicyInputList.2', starts[0], 10, '},'],
      ['PolicyInputList.2', starts[1], 10, '}'],
    ])
  })

  test('pages: each pair once', async () => {
    const ActionNames = Array.from({ length: 9 }, (_, at) => `s3:A${at}`)
    const ResourceArns = Array.from({ length: 15 }, (_, at) => `arn:aws:s3:::b/${at}`)
    const seen: string[] = []
    let Marker: string | undefined
    do {
      const page = await iam.send(
        new SimulateCustomPolicyCommand({
          ...{ PolicyInputList: [dated], ActionNames, ResourceArns, MaxItems: 1000 },
          ...(Marker === undefined ? {} : { Marker }),
        }),
      )
      for (const { EvalActionName, EvalResourceName } of page.EvaluationResults ?? []) {
        seen.push(`${EvalActionName} ${EvalResourceName}`)
      }
      Marker = page.Marker
    } while (Marker !== undefined)
    const wanted = ActionNames.flatMap((action) => ResourceArns.map((arn) => `${action} ${arn}`))
    assert.deepStrictEqual(seen, wanted)
  })

  test('context keys of policies, each once and as written', async () => {
    const PolicyInputList = [
      dated,
      policyText({
        ...allow(
          's3:*',
          `arn:aws:s3:::${variable('aws:username')}-${variable("s3:prefix, 'none'")}/*`,
        ),
        Condition: {
          StringEquals: { 'AWS:currenttime': 'x', 'aws:SourceVpc': variable('aws:UserId') },
        },
      }),
      JSON.stringify({
        Version: '2008-10-17',
        Statement: allow('s3:*', `arn:aws:s3:::${variable('no:key')}`),
      }),
    ]
    const keys = new GetContextKeysForCustomPolicyCommand({ PolicyInputList })
    const { ContextKeyNames } = await iam.send(keys)
    assert.deepStrictEqual(ContextKeyNames, [
      ...['aws:CurrentTime', 'aws:SourceVpc', 'aws:username', 's3:prefix', 'aws:UserId'],
    ])
    const { ContextKeyNames: ofSim } = await iam.send(
      new GetContextKeysForPrincipalPolicyCommand({ PolicySourceArn: own('user', 'Sim') }),
    )
    assert.deepStrictEqual(ofSim, ['aws:username'])
  })

  test('what is no policy, no action or nobody is refused, as is who may not ask', async () => {
    const bad = await refusedWith(
      custom({ PolicyInputList: [dated, '{"Statement":[]}'], ActionNames: ['s3:A'] }),
      ...(['InvalidInput', 400] as const),
    )
    assert.match(bad, /PolicyInputList\.2: .*Statement/)
    await refusedWith(custom({ ActionNames: ['nothing'] }), 'InvalidInput', 400)
    await refusedWith(custom({ ActionNames: [] }), 'ValidationError', 400)
    const of = (PolicySourceArn: string) =>
      iam.send(new SimulatePrincipalPolicyCommand({ PolicySourceArn, ActionNames: ['s3:A'] }))
    await refusedWith(of(own('user', 'None')), 'NoSuchEntity', 404)
    await refusedWith(of(`arn:aws:iam::${account}:root`), 'InvalidInput', 400)
    const input = { PolicySourceArn: own('user', 'Sim'), ActionNames: ['s3:A'] }
    const own1 = user.iam.send(new SimulatePrincipalPolicyCommand(input))
    await refusedWith(own1, 'AccessDenied', 403)
    const own2 = user.iam.send(
      new GetContextKeysForCustomPolicyCommand({ PolicyInputList: [dated] }),
    )
    await refusedWith(own2, 'AccessDenied', 403)
  })
})

function verdictOf(result: EvaluationResult | undefined): readonly (string | undefined)[] {
  const matched = result?.MatchedStatements ?? []
  return [
    result?.EvalDecision,
    ...matched.map(
      ({ SourcePolicyId, SourcePolicyType }) => `${SourcePolicyType} ${SourcePolicyId}`,
    ),
  ]
}
