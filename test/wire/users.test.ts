// What users, groups, roles and sessions may do to buckets and objects: by policies of their own, of their groups, by
// boundaries, session policies and bucket policies, and how soon it counts.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { setTimeout } from 'node:timers/promises'
import { rootTenantId } from '../../gateway/access/identity.ts'
import { accountId } from '../../gateway/access/owner.ts'
import type { SigningCredentials } from '../../protocol/s3/sigv4/sign-request.ts'
import { describe } from '../support/describe.ts'
import {
  allow,
  changeIdentity,
  deny,
  groupEntry,
  policyEntries,
  policyText,
  putIdentities,
  putUser,
  roleEntry,
  type Statement,
  sessionOf,
} from '../support/identities.ts'
import { RunningServer } from '../support/start-server.ts'
import { codeOf, exchange, signingContext } from '../support/wire-request.ts'

const account = accountId(rootTenantId)
const arnOf = (rest: string) => `arn:aws:iam::${account}:${rest}`
const inline = (...statements: readonly Statement[]) => [
  { name: 'p', document: policyText(...statements) },
]

describe('users', (test) => {
  let server: RunningServer
  test.before(async () => {
    server = await RunningServer.start()
    for (const target of ['/one', '/two', '/one/a', '/one/secret/b']) {
      assert.equal((await exchange(server.port, { method: 'PUT', target, body: '' })).status, 200)
    }
  })
  test.after(async () => {
    server.assertNoFailure()
    await server.stop()
  })

  const ask = async (credentials: SigningCredentials, what: string) => {
    const [method = '', target = ''] = what.split(' ')
    const response = await exchange(server.port, {
      ...{ method, target, context: signingContext({ credentials }) },
      ...(method === 'PUT' ? { body: '' } : {}),
    })
    return response.status < 300 ? 'ok' : `${response.status} ${codeOf(response)}`
  }
  const denied = '403 AccessDenied'

  test('a user without a policy may do nothing, and not know what is there', async () => {
    const ann = await putUser(server, 'ann')
    const refused = [
      'GET /',
      'GET /one',
      'GET /one/a',
      'GET /one/none',
      'PUT /one/a',
      'PUT /new-one',
    ]
    for (const what of refused) assert.equal(await ask(ann, what), denied, what)
    assert.equal(await ask(ann, 'GET /none'), '404 NoSuchBucket')
  })

  test('policies of a user, of his groups and managed ones add up; what one denies is denied', async () => {
    await putIdentities(server, [
      groupEntry('Readers', { inline: inline(allow('s3:GetObject', 'arn:aws:s3:::one/*')) }),
      ...policyEntries('Lists', policyText(allow('s3:ListBucket', 'arn:aws:s3:::one'))),
    ])
    const bob = await putUser(server, 'Bob', {
      groups: ['readers'],
      attached: [arnOf('policy/Lists')],
      inline: inline(
        allow('s3:PutObject', `arn:aws:s3:::two/$\{aws:username}/*`),
        deny('s3:*', 'arn:aws:s3:::one/secret/*'),
      ),
    })
    assert.equal(await ask(bob, 'GET /one'), 'ok')
    assert.equal(await ask(bob, 'GET /one/a'), 'ok')
    assert.equal(await ask(bob, 'GET /one/secret/b'), denied)
    assert.equal(await ask(bob, 'PUT /two/Bob/x'), 'ok')
    assert.equal(await ask(bob, 'PUT /two/bob/x'), denied)
    assert.equal(await ask(bob, 'GET /two'), denied)
    assert.equal(await ask(bob, 'PUT /one/a'), denied)
    // With a list that he may have, he learns what is not there.
    assert.equal(await ask(bob, 'GET /one/none'), '404 NoSuchKey')
  })

  test('what is granted counts with the next request, what is taken away within a second', async () => {
    const cid = await putUser(server, 'cid')
    assert.equal(await ask(cid, 'GET /one/a'), denied)
    const user = { kind: 'user', name: 'cid' } as const
    await changeIdentity(server, user, { inline: inline(allow('s3:*', '*')) })
    assert.equal(await ask(cid, 'GET /one/a'), 'ok')
    await changeIdentity(server, user, { inline: [] })
    await until(async () => (await ask(cid, 'GET /one/a')) === denied)
    await changeIdentity(server, user, { inline: inline(allow('s3:*', '*')) })
    assert.equal(await ask(cid, 'GET /one/a'), 'ok')
    // A key that is listed no more opens nothing.
    await changeIdentity(server, user, { accessKeys: [] })
    await until(async () => (await ask(cid, 'GET /one/a')) === '403 InvalidAccessKeyId')
  })

  test('AWS’s managed policies are there by their ARNs', async () => {
    const attached = ['arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess']
    const dan = await putUser(server, 'dan', { attached })
    assert.equal(await ask(dan, 'GET /'), 'ok')
    assert.equal(await ask(dan, 'GET /one/secret/b'), 'ok')
    assert.equal(await ask(dan, 'PUT /one/a'), denied)
    const admin = await putUser(server, 'adm', {
      attached: ['arn:aws:iam::aws:policy/AdministratorAccess'],
    })
    assert.equal(await ask(admin, 'PUT /made-by-admin'), 'ok')
    assert.equal(await ask(admin, 'DELETE /made-by-admin'), 'ok')
    const own = await putUser(server, 'own', { attached: [arnOf('policy/gone')] })
    assert.equal(await ask(own, 'GET /one/a'), denied)
  })

  test('a boundary allows nothing, and bounds all', async () => {
    await putIdentities(server, policyEntries('Bound', policyText(allow('s3:Get*', '*'))))
    const eve = await putUser(server, 'eve', {
      inline: inline(allow('s3:*', '*')),
      boundary: arnOf('policy/Bound'),
    })
    assert.equal(await ask(eve, 'GET /one/a'), 'ok')
    assert.equal(await ask(eve, 'PUT /one/a'), denied)
    // One that is gone bounds to nothing.
    const fay = await putUser(server, 'fay', {
      inline: inline(allow('s3:*', '*')),
      boundary: arnOf('policy/Gone'),
    })
    assert.equal(await ask(fay, 'GET /one/a'), denied)
  })

  test('a bucket policy that names a user lets him, and one that denies him counts over his own', async () => {
    const gil = await putUser(server, 'gil')
    const hal = await putUser(server, 'hal', { inline: inline(allow('s3:*', '*')) })
    const named = (effect: string, name: string) => ({
      ...{ Effect: effect, Principal: { AWS: arnOf(`user/${name}`) } },
      ...{ Action: 's3:GetObject', Resource: 'arn:aws:s3:::two/*' },
    })
    await exchange(server.port, { method: 'PUT', target: '/two/k', body: '' })
    const body = policyText(named('Allow', 'gil'), named('Deny', 'hal'))
    const put = await exchange(server.port, { method: 'PUT', target: '/two?policy', body })
    assert.equal(put.status, 204, put.body.toString())
    assert.equal(await ask(gil, 'GET /two/k'), 'ok')
    assert.equal(await ask(gil, 'PUT /two/k'), denied)
    assert.equal(await ask(hal, 'GET /two/k'), denied)
    assert.equal(await ask(hal, 'PUT /two/k'), 'ok')
    await exchange(server.port, { method: 'DELETE', target: '/two?policy' })
    assert.equal(await ask(gil, 'GET /two/k'), denied)
  })

  test('a session of a role has what the role has, and no more than its own policies', async () => {
    await putIdentities(server, [
      roleEntry('Worker', { inline: inline(allow('s3:*', 'arn:aws:s3:::one*')) }),
    ])
    const role = { kind: 'role', name: 'Worker' } as const
    const whole = await sessionOf(server, role)
    assert.equal(await ask(whole, 'PUT /one/w'), 'ok')
    assert.equal(await ask(whole, 'PUT /two/w'), denied)
    const policies = [policyText(allow('s3:GetObject', '*'))]
    const narrow = await sessionOf(server, role, { policies })
    assert.equal(await ask(narrow, 'GET /one/w'), 'ok')
    assert.equal(await ask(narrow, 'PUT /one/w'), denied)
    assert.equal(await ask(narrow, 'GET /two/k'), denied)
    // The key alone is none, and a token goes with its own key.
    const { sessionToken: _, ...bare } = whole
    assert.equal(await ask(bare, 'GET /one/w'), '403 InvalidAccessKeyId')
    const mixed = { ...whole, sessionToken: narrow.sessionToken }
    assert.equal(await ask(mixed, 'GET /one/w'), '400 InvalidToken')
    const expired = await sessionOf(server, role, { expiresMs: Date.now() - 1 })
    assert.equal(await ask(expired, 'GET /one/w'), '400 ExpiredToken')
  })

  test('no tag of a session takes the place of a role’s that conditions tell from it', async () => {
    const tagged = { 'aws:PrincipalTag/task': 'low' }
    await putIdentities(server, [
      roleEntry('Tagged', {
        tags: [{ key: 'Task', value: 'low' }],
        inline: inline(allow('s3:*', '*'), {
          ...deny('s3:GetObject', '*'),
          Condition: { StringEquals: tagged },
        }),
      }),
    ])
    const role = { kind: 'role', name: 'Tagged' } as const
    const tagging = (key: string) => sessionOf(server, role, { tags: [{ key, value: 'high' }] })
    assert.equal(await ask(await tagging('tAsk'), 'GET /one/a'), 'ok')
    // The last letter is the Kelvin sign, whose small letter is a "k".
    assert.equal(await ask(await tagging('tas\u212a'), 'GET /one/a'), denied)
  })

  test('a session whose managed policy is gone may do nothing, for what it denied is not known', async () => {
    await putIdentities(server, [
      roleEntry('Bounded', { inline: inline(allow('s3:*', '*')) }),
      ...policyEntries('no-secrets', policyText(deny('s3:*', 'arn:aws:s3:::one/secret/*'))),
    ])
    const session = await sessionOf(
      server,
      { kind: 'role', name: 'Bounded' },
      { policies: [policyText(allow('s3:*', '*'))], policyArns: [arnOf('policy/no-secrets')] },
    )
    assert.equal(await ask(session, 'GET /one/a'), 'ok')
    assert.equal(await ask(session, 'GET /one/secret/b'), denied)
    const { identities } = server.stores.metadata
    const remove = ['policy', 'policyVersion'] as const
    await identities.commit(rootTenantId, {
      ...{ ifRevision: await identities.revision(rootTenantId), put: [] },
      remove: remove.map((kind) => ({
        ...{ kind, name: kind === 'policy' ? 'no-secrets' : 'no-secrets/v1' },
      })),
    })
    await until(async () => (await ask(session, 'GET /one/a')) === denied)
    assert.equal(await ask(session, 'GET /one/secret/b'), denied)
  })

  test('sessions end when they are revoked, and with a role that is made anew', async () => {
    await putIdentities(server, [roleEntry('Temp', { inline: inline(allow('s3:*', '*')) })])
    const role = { kind: 'role', name: 'temp' } as const
    const before = await sessionOf(server, role, { issuedMs: Date.now() - 5_000 })
    assert.equal(await ask(before, 'GET /one/a'), 'ok')
    await changeIdentity(server, role, { revokedBeforeMs: Date.now() - 1_000 })
    const later = await sessionOf(server, role)
    assert.equal(await ask(later, 'GET /one/a'), 'ok')
    await until(async () => (await ask(before, 'GET /one/a')) === denied)
    await putIdentities(server, [roleEntry('Temp', { inline: inline(allow('s3:*', '*')) })])
    await until(async () => (await ask(later, 'GET /one/a')) === denied)
  })

  test('what many keys are allowed, DeleteObjects and lists of versions are told key by key', async () => {
    const ivy = await putUser(server, 'ivy', {
      inline: inline(allow('s3:DeleteObject', 'arn:aws:s3:::one/mine/*')),
    })
    for (const key of ['mine/1', 'yours/1']) {
      await exchange(server.port, { method: 'PUT', target: `/one/${key}`, body: '' })
    }
    const body =
      '<Delete><Object><Key>mine/1</Key></Object><Object><Key>yours/1</Key></Object></Delete>'
    const response = await exchange(server.port, {
      ...{ method: 'POST', target: '/one?delete', body },
      headers: { 'content-md5': md5(body) },
      context: signingContext({ credentials: ivy }),
    })
    assert.equal(response.status, 200)
    const text = response.body.toString()
    assert.match(text, /<Deleted><Key>mine\/1<\/Key><\/Deleted>/)
    assert.match(text, /<Error><Key>yours\/1<\/Key>(?:<VersionId\/>)?<Code>AccessDenied/)
  })

  test('a policy that cannot be read any more lets its holder do nothing', async () => {
    const jan = await putUser(server, 'jan', {
      attached: ['arn:aws:iam::aws:policy/AdministratorAccess'],
      inline: [{ name: 'broken', document: '{' }],
    })
    assert.equal(await ask(jan, 'GET /one/a'), denied)
  })
})

function md5(text: string): string {
  return createHash('md5').update(text).digest('base64')
}

/** Within some seconds. */
async function until(isSo: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 100; tries += 1) {
    if (await isSo()) return
    await setTimeout(50)
  }
  assert.fail('it never came true')
}
