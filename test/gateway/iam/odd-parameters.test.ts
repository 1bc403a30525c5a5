// Every action on policies, roles, issuers and simulations, with parameters that make no sense: what comes back is an answer or
// a refusal of IAM's, and the account is sound. For a moment as part of the tests, or longer by hand:
//   [HOLDFAST_TEST_SEED=7] node dist/test/gateway/iam/odd-parameters.test.js --budget-ms 60000
import assert from 'node:assert'
import { parseArgs } from 'node:util'
import { policyActions } from '../../../gateway/iam/policies/policy-actions.ts'
import { providerActions } from '../../../gateway/iam/providers/provider-actions.ts'
import { roleActions } from '../../../gateway/iam/roles/role-actions.ts'
import { simulationActions } from '../../../gateway/iam/simulation/simulation-actions.ts'
import { queryErrors } from '../../../protocol/query/query-error.ts'
import { readXml } from '../../../protocol/s3/xml/xml-reader.ts'
import { describe } from '../../support/describe.ts'
import { askQuery } from '../../support/query-client.ts'
import { seededBytes } from '../../support/seeded-bytes.ts'
import { serverKey, serverRegion } from '../../support/start-server.ts'
import { codeOf } from '../../support/wire-request.ts'
import { account, allow, IamServer, own, policyText, trustText } from './iam-server.ts'
import { assertSound } from './policies/sound-account.ts'

const { values } = parseArgs({ options: { 'budget-ms': { type: 'string' } }, strict: false })
const budgetMs = Number(values['budget-ms'] ?? 2500)

const actions = Object.keys({
  ...policyActions,
  ...roleActions,
  ...providerActions,
  ...simulationActions,
})

const text = policyText(allow('s3:GetObject'))
const texts = [
  ...[
    text,
    trustText(),
    trustText({ AWS: own('user', 'Odd') }),
    '{',
    '',
    '[]',
    'x'.repeat(200_000),
  ],
  ...[
    text.replace('{', `{${' '.repeat(20_000)}`),
    policyText(allow('s3:*', `arn:aws:s3:::${'*a'.repeat(900)}`)),
  ],
]
const arns = [
  ...[own('policy', 'Odd'), own('policy', 'p/Odd'), 'arn:aws:iam::aws:policy/ReadOnlyAccess', '*'],
  ...[
    own('user', 'Odd'),
    own('group', 'Odd'),
    own('role', 'Odd'),
    own('oidc-provider', 'odd.example'),
  ],
  ...[
    'arn:aws:iam::999999999999:policy/Odd',
    'arn:aws:iam:::policy/',
    `${own('policy', '')}${'/'.repeat(50)}`,
  ],
  ...[
    `arn:aws:iam::${account}:root`,
    'arn:',
    `${own('policy', 'x')}\u0000`,
    own('policy', 'ü'.repeat(300)),
  ],
]
const words = [
  ...[
    'Odd',
    'odd',
    '',
    ' ',
    '*',
    'true',
    'false',
    'TRUE',
    '0',
    '-1',
    '5',
    '1000',
    '1001',
    '99999999999',
  ],
  ...[
    'v1',
    'v2',
    'v99',
    'v0',
    '/',
    '/p/',
    'p',
    '\u0000',
    '\u{10ffff}',
    '𝒪dd',
    '%00',
    '../../x',
    '<&>"',
    'a\r\nb',
  ],
  ...[
    'All',
    'AWS',
    'Local',
    'User',
    'PermissionsBoundary',
    'https://odd.example',
    'https://[::1]/',
    '3600',
  ],
  ...[
    's3:GetObject',
    's3:*',
    'iam',
    ':',
    'aws:username',
    'AAAA',
    'b3du',
    '0'.repeat(40),
    'x'.repeat(3000),
  ],
]
/** Names of parameters, and what their values are as a rule: the first of them makes sense. */
const wanted: readonly (readonly [string, readonly string[]])[] = [
  ...['PolicyDocument', 'PolicyInputList.member.1'].map(of(texts)),
  ...['AssumeRolePolicyDocument'].map(of([trustText(), ...texts])),
  ...['PolicyArn', 'PermissionsBoundary'].map(of(arns)),
  ...['PolicySourceArn'].map(of([own('user', 'Odd'), ...arns])),
  ...['OpenIDConnectProviderArn'].map(of([own('oidc-provider', 'odd.example'), ...arns])),
  ...['PolicyName', 'RoleName', 'UserName', 'GroupName', 'ClientID'].map(of(words)),
  ...['Url'].map(of(['https://odd.example', ...words])),
  ...['VersionId'].map(of(['v1', 'v2', ...words])),
  ...['Tags.member.1.Key', 'Tags.member.1.Value', 'TagKeys.member.1'].map(of(words)),
  ...['ThumbprintList.member.1'].map(of(['0'.repeat(40), ...words])),
  ...['ActionNames.member.1'].map(of(['s3:GetObject', 'iam:*', ...words])),
]
const unwanted: readonly (readonly [string, readonly string[]])[] = [
  ...['PolicyInputList.member.2', 'PermissionsBoundaryPolicyInputList.member.1'].map(of(texts)),
  ...['ResourcePolicy'].map(of(texts)),
  ...['CallerArn', 'ResourceOwner', 'ResourceArns.member.1', 'ResourceArns.member.2'].map(of(arns)),
  ...['Path', 'PathPrefix', 'Description', 'Marker', 'Tags.member.x.Key'].map(of(words)),
  ...['SetAsDefault', 'OnlyAttached'].map(of(['true', ...words])),
  ...['Scope', 'EntityFilter', 'Filter.member.1', 'PolicyUsageFilter'].map(of(words)),
  ...['MaxItems', 'MaxSessionDuration'].map(of(['3600', '5', ...words])),
  ...['Tags.member.2.Key', 'Tags.member.2.Value', 'ClientIDList.member.1'].map(of(words)),
  ...['ActionNames.member.2', 'ActionNames.member.4'].map(of(words)),
  ...['ContextEntries.member.1.ContextKeyName', 'ContextEntries.member.1.ContextKeyType'].map(
    of(words),
  ),
  ...['ContextEntries.member.1.ContextKeyValues.member.1', 'ContextEntries.member.2.'].map(
    of(words),
  ),
]

function of(usual: readonly string[]) {
  return (name: string) => [name, usual] as const
}

describe('actions with odd parameters', (test) => {
  let server: IamServer
  test.before(async () => {
    server = await IamServer.start()
    await server.addUser('Odd', { groups: ['odd'] })
    await server.addGroup('Odd')
  })
  test.after(() => server.stop())

  const ask = (action: string, parameters: Readonly<Record<string, string>>) =>
    askQuery(server.server.port, {
      ...{ service: 'iam', action, parameters },
      credentials: { ...serverKey, region: serverRegion },
    })

  test('answer or refuse, and leave the account sound', async () => {
    const random = seededBytes()
    const pick = <Item>(items: readonly Item[]): Item =>
      items[random.integer(items.length)] ?? assert.fail('nothing to pick from')
    const told = new Map<string, number>()
    let count = 0
    for (const end = Date.now() + budgetMs; Date.now() < end; count += 1) {
      const action = pick(actions)
      const parameters: Record<string, string> = {}
      const put = ([name, usual]: (typeof wanted)[number]) => {
        const from = random.integer(12) === 0 ? pick([texts, arns, words]) : usual
        // The first is the likeliest.
        parameters[name] = pick(from.slice(0, 1 + random.integer(random.integer(from.length) + 1)))
      }
      for (const each of wanted) if (random.integer(15) > 0) put(each)
      for (const each of unwanted) if (random.integer(12) === 0) put(each)
      const answer = await ask(action, parameters)
      const shown = `${action} ${JSON.stringify(parameters).slice(0, 2000)}\n${answer.body.toString().slice(0, 500)}`
      assert.ok(answer.status < 500, shown)
      const code = answer.status === 200 ? 'done' : codeOf(answer)
      told.set(code, (told.get(code) ?? 0) + 1)
      if (code === 'done') readXml(answer.body, `${action}Response`)
      else assert.equal(queryErrors[code as keyof typeof queryErrors], answer.status, shown)
      if (count % 50 === 0) await assertSound(server.identities)
    }
    await assertSound(server.identities)
    console.log(
      `${count} requests: ${[...told].map(([code, times]) => `${code} ${times}`).join(', ')}`,
    )
    assert.ok((told.get('done') ?? 0) > 0)
  })

  test('lists as long as a form can be', async () => {
    const many = (name: string, value: (at: number) => string, length = 4_900) =>
      Object.fromEntries(Array.from({ length }, (_, at) => [`${name}.member.${at + 1}`, value(at)]))
    const [few, one] = [
      { 'PolicyInputList.member.1': text },
      { 'ActionNames.member.1': 's3:GetObject' },
    ]
    const simulated = await ask('SimulateCustomPolicy', {
      ...few,
      ...many('ActionNames', (at) => `s3:A${at}`),
    })
    assert.equal(simulated.status, 200)
    const policies = await ask('SimulateCustomPolicy', {
      ...one,
      ...many(
        'PolicyInputList',
        () => '{"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}',
        2_000,
      ),
    })
    assert.equal(policies.status, 200, policies.body.toString().slice(0, 500))
    const keys = await ask(
      'GetContextKeysForCustomPolicy',
      many('PolicyInputList', () => '{}'),
    )
    assert.equal(codeOf(keys), 'InvalidInput')
    const tags = await ask('TagPolicy', {
      PolicyArn: own('policy', 'Odd'),
      ...many('TagKeys', String),
    })
    assert.ok(tags.status === 200 || tags.status === 404, String(tags.status))
    const filter = await ask(
      'GetAccountAuthorizationDetails',
      many('Filter', () => 'User'),
    )
    assert.equal(filter.status, 200, filter.body.toString().slice(0, 500))
  })
})
