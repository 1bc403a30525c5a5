// AssumeRoleWithLDAPIdentity with a real directory, as clients of MinIO call it: parameters in the URL, nobody signs.
import assert from 'node:assert/strict'
import { CreateBucketCommand, GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import { GetCallerIdentityCommand } from '@aws-sdk/client-sts'
import { accountId } from '../../../gateway/access/owner.ts'
import type { LdapRole } from '../../../gateway/config/ldap-roles.ts'
import type { LdapSettings } from '../../../gateway/config/take-ldap.ts'
import { openDirectory } from '../../../gateway/sts/ldap/directory.ts'
import { parseTenantId } from '../../../metadata/record-ids.ts'
import { describe } from '../../support/describe.ts'
import {
  allow,
  IdentityAccount,
  outcome,
  policyOf,
  s3For,
  stsFor,
  trusting,
} from '../../support/identity-account.ts'
import { haveSlapd, LdapDirectory, lookup, suffix } from '../../support/ldap-directory.ts'
import { RunningServer } from '../../support/start-server.ts'

const action = 'sts:AssumeRoleWithLDAPIdentity'
const secret = 'a % & + pass=word'
const people = [
  { uid: 'ann', password: secret, groups: ['writers', 'all'] },
  { uid: 'bob', password: 'of bob', groups: ['all'] },
  { uid: 'eve', password: 'of eve' },
  { uid: 'frank', password: 'of frank' },
  { uid: 'dörte, (o*r)\\ x', password: 'of dörte', groups: ['writers'] },
]

function settingsFor({ url }: LdapDirectory, roles: readonly LdapRole[] = []): LdapSettings {
  return {
    ...{ url, startTls: false, lookup, roles },
    ...{ userBase: `ou=people,${suffix}`, userFilter: '(uid=%s)' },
    groupBase: `ou=groups,${suffix}`,
    groupFilter: '(&(objectClass=groupOfNames)(member=%d))',
  }
}

if (!haveSlapd()) {
  describe('AssumeRoleWithLDAPIdentity, without slapd', (test) => {
    test('is demanded only where HOLDFAST_REQUIRE_CLUSTER is set', () => {
      assert.ok(!process.env.HOLDFAST_REQUIRE_CLUSTER)
    })
  })
} else {
  describe('AssumeRoleWithLDAPIdentity', (test) => {
    let directory: LdapDirectory
    let server: RunningServer
    let account: IdentityAccount

    test.before(async () => {
      directory = await LdapDirectory.start(people)
      const tenantId = parseTenantId('root')
      assert.ok(tenantId !== undefined)
      const role = (name: string) => `arn:aws:iam::${accountId(tenantId)}:role/${name}`
      const roles: readonly LdapRole[] = [
        { of: 'group', dn: `CN=Writers, OU=Groups, DC=Example, DC=Org`, roleArn: role('Writers') },
        { of: 'group', dn: `cn=all,ou=groups,${suffix}`, roleArn: role('Readers') },
        { of: 'user', dn: `uid=frank,ou=people,${suffix}`, roleArn: role('Closed') },
      ]
      server = await RunningServer.start({ ldap: settingsFor(directory, roles) })
      account = new IdentityAccount(server)
      const trust = [trusting({ Federated: 'ldap.holdfast' }, action)]
      await account.addRole('Writers', {
        trust,
        policy: [allow('s3:*', `arn:aws:s3:::homes/\${ldap:username}/*`)],
      })
      await account.addRole('Readers', {
        trust: [
          trusting({ Federated: 'ldap.holdfast' }, action, {
            'ForAnyValue:StringLike': { 'ldap:groups': 'cn=all,*' },
          }),
        ],
        policy: [allow('s3:GetObject')],
      })
      await account.addRole('Closed', { trust: [trusting({ AWS: '999999999999' })] })
      const s3 = s3For(server)
      await s3.send(new CreateBucketCommand({ Bucket: 'homes' }))
      for (const Key of ['ann/1', 'bob/1']) {
        await s3.send(new PutObjectCommand({ Bucket: 'homes', Key, Body: Key }))
      }
    })
    test.after(async () => {
      await directory.stop()
      server.assertNoFailure()
      await server.stop()
    })

    const ask = async (parameters: Readonly<Record<string, string>>) => {
      const all = { Action: 'AssumeRoleWithLDAPIdentity', Version: '2011-06-15', ...parameters }
      const url = `http://127.0.0.1:${server.port}/?${new URLSearchParams(all)}`
      const response = await fetch(url, { method: 'POST' })
      const body = await response.text()
      const of = (name: string) => new RegExp(`<${name}>([^<]*)<`).exec(body)?.[1] ?? ''
      return {
        body,
        outcome: response.ok ? 'done' : `${of('Code')} ${response.status}`,
        credentials: {
          accessKeyId: of('AccessKeyId'),
          secretAccessKey: of('SecretAccessKey'),
          sessionToken: of('SessionToken'),
        },
        arn: of('Arn'),
      }
    }
    const sign = (LDAPUsername: string, LDAPPassword: string, more = {}) =>
      ask({ LDAPUsername, LDAPPassword, ...more })
    const get = (by: Awaited<ReturnType<typeof ask>>, Key: string) =>
      outcome(s3For(server, by.credentials).send(new GetObjectCommand({ Bucket: 'homes', Key })))

    test('a member of a group gets its role, which knows his name', async () => {
      const ann = await sign('ann', secret)
      assert.strictEqual(ann.outcome, 'done')
      assert.match(ann.body, /^<AssumeRoleWithLDAPIdentityResponse xmlns="https:\/\/sts\.amazonaws/)
      assert.match(ann.arn, /:assumed-role\/Writers\/ann$/)
      assert.strictEqual(await get(ann, 'ann/1'), 'done')
      assert.strictEqual(await get(ann, 'bob/1'), 'AccessDenied 403')
      const who = await stsFor(server, ann.credentials).send(new GetCallerIdentityCommand({}))
      assert.strictEqual(who.Arn, ann.arn)
    })

    test('who is in several may choose among theirs, and no other', async () => {
      const id = accountId(account.tenantId)
      const RoleArn = `arn:aws:iam::${id}:role/Readers`
      const ann = await sign('ann', secret, { RoleArn })
      assert.match(ann.arn, /:assumed-role\/Readers\/ann$/)
      assert.strictEqual(await get(ann, 'bob/1'), 'done')
      const bob = await sign('bob', 'of bob', { RoleArn: `arn:aws:iam::${id}:role/Writers` })
      assert.strictEqual(bob.outcome, 'AccessDenied 403')
      assert.match((await sign('bob', 'of bob')).arn, /assumed-role\/Readers\/bob/)
    })

    test('parameters may be a form', async () => {
      const response = await fetch(`http://127.0.0.1:${server.port}/`, {
        method: 'POST',
        body: new URLSearchParams({
          ...{ Action: 'AssumeRoleWithLDAPIdentity', Version: '2011-06-15' },
          ...{ LDAPUsername: 'ann', LDAPPassword: secret },
        }),
      })
      assert.strictEqual(response.status, 200)
    })

    test('session policies and durations are those of a role', async () => {
      const Policy = policyOf(allow('s3:GetObject', 'arn:aws:s3:::homes/ann/none'))
      assert.strictEqual(
        await get(await sign('ann', secret, { Policy }), 'ann/1'),
        'AccessDenied 403',
      )
      const long = await sign('ann', secret, { DurationSeconds: '3601' })
      assert.strictEqual(long.outcome, 'ValidationError 400')
      const broken = await sign('ann', secret, { Policy: '{' })
      assert.strictEqual(broken.outcome, 'MalformedPolicyDocument 400')
    })

    test('nobody is let in with another password, with none, or whom no role is given to', async () => {
      const refused = 'AccessDenied 403'
      const wrong = await sign('ann', 'of bob')
      assert.strictEqual(wrong.outcome, refused)
      const nobody = await sign('nobody', 'of bob')
      const told = (answer: typeof wrong) => answer.body.replace(/<RequestId>.*<\/RequestId>/, '')
      assert.strictEqual(told(nobody), told(wrong))
      assert.strictEqual((await sign('ann', '')).outcome, 'ValidationError 400')
      assert.strictEqual((await ask({ LDAPUsername: 'ann' })).outcome, 'ValidationError 400')
      assert.strictEqual((await sign('', 'x')).outcome, 'ValidationError 400')
      assert.strictEqual((await sign('eve', 'of eve')).outcome, refused)
      // The operator has given him a role that does not trust the directory.
      assert.strictEqual((await sign('frank', 'of frank')).outcome, refused)
      for (const answer of [wrong, nobody]) assert.ok(!answer.body.includes('of bob'))
    })

    test('a name is a name, whatever is in it', async () => {
      for (const name of [
        '*',
        'a*',
        'ann)(uid=*',
        '*)(uid=*))(|(uid=*',
        'ann)',
        '\\61nn',
        '(ann',
      ]) {
        assert.strictEqual((await sign(name, secret)).outcome, 'AccessDenied 403', name)
      }
      assert.strictEqual((await sign('ann\0', secret)).outcome, 'ValidationError 400')
      assert.strictEqual((await sign('x'.repeat(256), secret)).outcome, 'ValidationError 400')
      const odd = await sign('dörte, (o*r)\\ x', 'of dörte')
      assert.strictEqual(odd.outcome, 'done')
      assert.match(odd.arn, /assumed-role\/Writers\/d-rte,--o-r---x-[0-9a-f]{12}$/)
    })
  })

  describe('a directory', (test) => {
    let directory: LdapDirectory
    test.before(async () => {
      directory = await LdapDirectory.start(people)
    })
    test.after(() => directory.stop())

    const by = { name: 'ann', password: secret }
    const signIn = async (changes: Partial<LdapSettings> = {}) =>
      (await openDirectory({ ...settingsFor(directory), ...changes }).signIn(by)).is

    test('is asked over TLS, from the start or begun later, and believed only with a certificate that holds', async () => {
      const { ca, tlsUrl: url } = directory
      assert.strictEqual(await signIn({ url, ca }), 'user')
      assert.strictEqual(await signIn({ startTls: true, ca }), 'user')
      assert.strictEqual(await signIn({ url }), 'unreachable')
      assert.strictEqual(await signIn({ startTls: true }), 'unreachable')
    })

    test('lets nobody in without a password, though it would', async () => {
      const opened = openDirectory(settingsFor(directory))
      assert.deepStrictEqual(await opened.signIn({ name: 'ann', password: '' }), { is: 'refused' })
    })

    test('answers nothing that could be used when it cannot look anybody up', async () => {
      assert.strictEqual(await signIn({ lookup: { ...lookup, password: 'wrong' } }), 'unreachable')
      assert.strictEqual(await signIn({ userBase: 'ou=none,dc=example,dc=org' }), 'unreachable')
      assert.strictEqual(await signIn({ url: 'ldap://127.0.0.1:1' }), 'unreachable')
      const { lookup: _, ...anonymous } = settingsFor(directory)
      assert.notStrictEqual((await openDirectory(anonymous).signIn(by)).is, 'user')
    })

    test('is not clear about whom it means with a filter that finds several', async () => {
      assert.strictEqual(await signIn({ userFilter: '(|(uid=%s)(uid=bob))' }), 'refused')
    })

    test('holds up few when it says nothing, and those not for ever', async () => {
      const opened = openDirectory(settingsFor(directory))
      directory.pause()
      try {
        const waiting = Array.from({ length: 17 }, () => opened.signIn(by))
        const answers = (await Promise.all(waiting)).map(({ is }) => is)
        assert.strictEqual(answers.filter((is) => is === 'busy').length, 1)
        assert.strictEqual(answers.filter((is) => is === 'unreachable').length, 16)
      } finally {
        directory.resume()
      }
      assert.strictEqual((await opened.signIn(by)).is, 'user')
    })
  })
}
