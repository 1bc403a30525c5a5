// Policies that nobody writes in earnest: too long, too deep, full of wildcards, of letters that look like others. Each is
// refused as IAM does or means what it says, and the server goes on.
import assert from 'node:assert'
import {
  AttachGroupPolicyCommand,
  AttachUserPolicyCommand,
  CreatePolicyCommand,
  CreatePolicyVersionCommand,
  CreateRoleCommand,
  GetPolicyCommand,
  ListEntitiesForPolicyCommand,
  PutUserPolicyCommand,
  SimulateCustomPolicyCommand,
} from '@aws-sdk/client-iam'
import { CreateBucketCommand, GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import { describe } from '../../../support/describe.ts'
import {
  allow,
  type Clients,
  deny,
  IamServer,
  own,
  policyText,
  refusedWith,
  trustText,
} from '../iam-server.ts'

describe('policies that nobody writes in earnest', (test) => {
  let server: IamServer
  let iam: Clients['iam']
  let user: Clients
  test.before(async () => {
    server = await IamServer.start()
    iam = server.root.iam
    user = await server.addUser('Victim')
    await server.root.s3.send(new CreateBucketCommand({ Bucket: 'target' }))
  })
  test.after(() => server.stop())

  const create = (PolicyDocument: string, PolicyName = 'Hostile') =>
    iam.send(new CreatePolicyCommand({ PolicyName, PolicyDocument }))
  const put = (PolicyDocument: string) =>
    iam.send(new PutUserPolicyCommand({ UserName: 'Victim', PolicyName: 'p', PolicyDocument }))

  test('of a megabyte, of more than IAM reads, and longer than the quota', async () => {
    const padded = (length: number) => {
      const text = policyText(allow('s3:GetObject', `arn:aws:s3:::${'x'.repeat(length)}`))
      return [text, text.replace('{', `{${' '.repeat(length)}`)] as const
    }
    for (const text of padded(1024 * 1024)) await refusedWith(create(text), 'ValidationError', 400)
    for (const text of padded(140_000)) await refusedWith(create(text), 'ValidationError', 400)
    const [long] = padded(100_000)
    const message = await refusedWith(create(long), 'LimitExceeded', 409)
    assert.equal(message, 'Cannot exceed quota for PolicySize: 6144')
    // What is long of nothing but white space is what it is without.
    await create(policyText(allow('s3:GetObject')).replace('{', `{${' '.repeat(100_000)}`), 'Airy')
    // White space within names is not taken out of them.
    const inside = policyText(allow('s3:GetObject', `arn:aws:s3:::${' '.repeat(100_000)}`))
    await refusedWith(create(inside), 'LimitExceeded', 409)
  })

  test('that are no JSON, or JSON in which readers would differ', async () => {
    const good = allow('s3:GetObject')
    const texts = [
      ...['', ' ', '{', '[]', '"policy"', 'null', '{}', '{"Statement":{}}', `${policyText(good)}x`],
      ...['['.repeat(6000), `{"Statement":${'['.repeat(3000)}${']'.repeat(3000)}}`],
      '{"Version":"2012-10-17","Statement":[],"Statement":[]}',
      '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Effect":"Deny","Action":"*","Resource":"*"}]}',
      '{"Version":"2012-10-17","__proto__":{},"Statement":[]}',
      policyText({ ...good, Action: 's3' }),
      policyText({ ...good, Resource: 'target' }),
      policyText({ ...good, Principal: '*' }),
      policyText({ ...good, Sid: 'not alphanumeric!' }),
      policyText({ ...good, Condition: { StringEqual: { 'aws:username': 'x' } } }),
      policyText({ ...good, Sid: 'a' }, { ...good, Sid: 'a' }),
    ]
    for (const text of texts) {
      const code = text === '' ? 'ValidationError' : 'MalformedPolicyDocument'
      await refusedWith(create(text), code, 400)
    }
    assert.match(
      await refusedWith(create('{\n  "Version": x}'), 'MalformedPolicyDocument', 400),
      /^Syntax errors in policy\. \(line 2, column 14: /,
    )
  })

  test('with letters that look like others, or are not there', async () => {
    // Fullwidth and Cyrillic letters, a zero-width joiner, NUL, the end of a line.
    for (const letter of ['\uff53', '\u0455', '\u200d', '\u0000', '\u2028', '😀']) {
      await refusedWith(create(`${policyText(allow('s3:*'))}${letter}`), 'ValidationError', 400)
    }
    // Escaped, they come through the rule of characters, and are no action, no element, no effect.
    const escaped = [
      '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"\\uff533:Get","Resource":"*"}}',
      '{"Version":"2012-10-17","Statement":{"\\u0415ffect":"Allow","Action":"*","Resource":"*"}}',
      '{"Version":"2012-10-17","Statement":{"Effect":"Allow\\u0000","Action":"*","Resource":"*"}}',
      '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"\\ud800"}}',
    ]
    for (const text of escaped) await refusedWith(create(text), 'MalformedPolicyDocument', 400)
    // An escape of what it is anyway is the same.
    await put(
      '{"Version":"2012-10-17","Statement":{"\\u0045ffect":"Allow","Action":"\\u00733:*","Resource":"*"}}',
    )
    await server.root.s3.send(new PutObjectCommand({ Bucket: 'target', Key: 'k', Body: 'x' }))
    const read = await user.s3.send(new GetObjectCommand({ Bucket: 'target', Key: 'k' }))
    assert.equal(await read.Body?.transformToString(), 'x')
    // Names of policies have no case; other letters than ASCII none of them has.
    const kelvin = new CreatePolicyCommand({
      ...{ PolicyName: '\u212aelvin', PolicyDocument: policyText(allow('s3:*')) },
    })
    await refusedWith(iam.send(kelvin), 'ValidationError', 400)
  })

  test('full of wildcards: what cannot be told in time denies', async () => {
    const key = 'a'.repeat(1000)
    await server.root.s3.send(new PutObjectCommand({ Bucket: 'target', Key: key, Body: 'x' }))
    const nested = `arn:aws:s3:::target/${'*a'.repeat(800)}*b`
    await put(policyText(allow('s3:*', nested)))
    const get = () => user.s3.send(new GetObjectCommand({ Bucket: 'target', Key: key }))
    await assert.rejects(get(), { name: 'AccessDenied' })
    const big = {
      ...{ UserName: 'Victim', PolicyArn: own('policy', 'Wild') },
    }
    const many = Array.from({ length: 60 }, (_, at) => `arn:aws:s3:::*${'?a*'.repeat(25)}${at}`)
    await create(policyText(allow('s3:*'), deny('s3:*', many)), 'Wild')
    await iam.send(new AttachUserPolicyCommand(big))
    // Whatever comes of it, it is an answer, and not one of ours that failed.
    const told = await get().then(
      () => 'allowed',
      ({ name }: Error) => name,
    )
    assert.ok(['allowed', 'AccessDenied'].includes(told), told)
    const { Policy } = await iam.send(new GetPolicyCommand({ PolicyArn: big.PolicyArn }))
    assert.equal(Policy?.AttachmentCount, 1)
  })

  test('simulated: thousands of questions to thousands of patterns come in pages', async () => {
    const patterns = Array.from({ length: 1500 }, (_, at) => `arn:aws:s3:::*a*b*c*${at}*`)
    const PolicyInputList = [
      policyText(allow('s3:*', patterns)),
      policyText(deny('s3:*', patterns)),
    ]
    const ResourceArns = Array.from(
      { length: 20 },
      (_, at) => `arn:aws:s3:::${'abc'.repeat(300)}${at}`,
    )
    const ActionNames = Array.from({ length: 50 }, (_, at) => `s3:A${at}`)
    const input = { PolicyInputList, ResourceArns, ActionNames, MaxItems: 1000 }
    const { EvaluationResults, Marker } = await iam.send(new SimulateCustomPolicyCommand(input))
    assert.equal(EvaluationResults?.length, 100)
    assert.notEqual(Marker, undefined)
    // Each statement that is matched is shown: they end a page too.
    const allowed = Array.from({ length: 1200 }, () => allow('s3:*'))
    const all = { ...input, PolicyInputList: [policyText(...allowed)] }
    const full = await iam.send(new SimulateCustomPolicyCommand(all))
    assert.equal(full.EvaluationResults?.length, 5)
    assert.equal(full.EvaluationResults?.[0]?.MatchedStatements?.length, 1200)
  })

  test('with the longest names and paths that there are, held by the longest names', async () => {
    const Path = `/${'p'.repeat(510)}/`
    const PolicyName = 'n'.repeat(128)
    const PolicyDocument = policyText(allow('s3:GetObject'))
    const { Policy } = await iam.send(new CreatePolicyCommand({ PolicyName, Path, PolicyDocument }))
    const PolicyArn = Policy?.Arn ?? assert.fail('no ARN')
    await server.addUser('u'.repeat(64))
    const UserName = 'u'.repeat(64)
    await iam.send(new AttachUserPolicyCommand({ UserName, PolicyArn }))
    const found = await iam.send(new ListEntitiesForPolicyCommand({ PolicyArn }))
    assert.deepStrictEqual(
      found.PolicyUsers?.map((each) => each.UserName),
      [UserName],
    )
    // The longest ARN that stands in the name of an attachment as it is, with the longest name of a group.
    const rest = 200 - own('policy', '/n').length
    const fitting = { PolicyName: 'n', Path: `/${'q'.repeat(rest)}/`, PolicyDocument }
    const { Policy: short } = await iam.send(new CreatePolicyCommand(fitting))
    assert.equal(short?.Arn?.length, 200)
    const GroupName = 'g'.repeat(128)
    await server.addGroup(GroupName)
    const ofGroup = { GroupName, PolicyArn: short?.Arn }
    await iam.send(new AttachGroupPolicyCommand(ofGroup))
    const holding = await iam.send(new ListEntitiesForPolicyCommand({ PolicyArn: short?.Arn }))
    assert.deepStrictEqual(
      holding.PolicyGroups?.map((each) => each.GroupName),
      [GroupName],
    )
    const SetAsDefault = true
    await iam.send(new CreatePolicyVersionCommand({ PolicyArn, PolicyDocument, SetAsDefault }))
    const odd = ['/a//b/', '//', '/a b/', '/ä/', '/a', 'a/', '/*/']
    for (const path of odd) {
      const input = { PolicyName: 'Odd', Path: path, PolicyDocument }
      await refusedWith(iam.send(new CreatePolicyCommand(input)), 'ValidationError', 400)
    }
  })

  test('that say who may assume a role', async () => {
    const trust = (text: string) =>
      iam.send(new CreateRoleCommand({ RoleName: 'Odd', AssumeRolePolicyDocument: text }))
    const texts = [
      policyText(allow('sts:AssumeRole')),
      trustText('nobody'),
      trustText({}),
      trustText({ AWS: [] }),
      trustText({ AWS: 'arn:aws:iam::123456789012:user/*' }),
      policyText({ Effect: 'Allow', NotPrincipal: { AWS: '*' }, Action: 'sts:AssumeRole' }),
      policyText({ Effect: 'Allow', Principal: '*', Action: 's3:*' }),
      policyText({ Effect: 'Allow', Principal: '*', Action: 'sts:AssumeRole', Resource: '*' }),
    ]
    for (const text of texts) await refusedWith(trust(text), 'MalformedPolicyDocument', 400)
  })
})
