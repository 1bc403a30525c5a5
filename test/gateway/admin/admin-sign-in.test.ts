// Who may do what by the admin API: signatures, tokens, admins of three roles; and what bounds all of them.
import assert from 'node:assert'
import { createHash, randomBytes } from 'node:crypto'
import { request as httpRequest } from 'node:http'
import { StoreUnavailable } from '../../../metadata/store-unavailable.ts'
import { AdminServer, credentialsIn, rootCredentials } from '../../support/admin-server.ts'
import { describe } from '../../support/describe.ts'
import type { RunningServer } from '../../support/start-server.ts'
import { codeOf } from '../../support/wire-request.ts'
import { AdminFixture } from './admin-fixture.ts'

describe('signing in to the admin API', (test) => {
  let fixture: AdminFixture
  let server: RunningServer
  let admin: AdminServer

  test.before(async () => {
    fixture = await AdminFixture.start()
    server = fixture.server
    admin = fixture.admin
  })
  test.after(() => fixture.stop())

  test('is for those who sign, for this service, what they send', async () => {
    const { credentials } = await fixture.makeTenant()
    const path = '/v1/self'
    const wrongSecret = { ...rootCredentials, secretAccessKey: 'wrong' }
    const unknown = { ...rootCredentials, accessKeyId: 'AKIANOBODY' }
    for (const by of [
      wrongSecret,
      unknown,
      'nobody',
      'hft_0000',
      `hft_${'0'.repeat(16)}_${'0'.repeat(64)}`,
    ]) {
      assert.equal(await admin.refusal({ path, by }), '401 NotSignedIn')
    }
    assert.equal(await admin.refusal({ path, service: 's3' }), '401 NotSignedIn')
    assert.equal(await admin.refusal({ path: '/v1/nowhere', by: 'nobody' }), '401 NotSignedIn')
    assert.equal(await admin.refusal({ path: '/v1/nowhere' }), '404 NotFound')
    // Another body than the one that was signed.
    const headers = { 'x-amz-content-sha256': createHash('sha256').update('{}').digest('hex') }
    const sent = await admin.ask({
      method: 'POST',
      path: '/v1/tokens',
      json: { name: 'x' },
      headers,
    })
    assert.equal(sent.status, 201)
    // A URL that opens an object of a bucket that is called as the paths begin.
    const url = `${admin.origin}${path}?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=x&X-Amz-Signature=y`
    assert.equal((await fetch(url)).status, 401)
    assert.deepEqual(await admin.json({ path }), {
      ...{ id: 'root of root', name: 'root', role: 'superadmin' },
    })
    assert.equal((await admin.json({ path, by: credentials })).role, 'tenantAdmin')
  })

  test('lets the root user of a tenant see and change what is the tenant’s, and nothing of others', async () => {
    const [own, other] = [await fixture.makeTenant(), await fixture.makeTenant()]
    const by = own.credentials
    const { items } = await admin.json({ path: '/v1/tenants', by })
    assert.deepEqual(Array.isArray(items) && items.map(({ id }) => id), [own.id])
    await admin.json({ path: `/v1/tenants/${own.name}`, by })
    const user = { method: 'POST', path: `/v1/tenants/${own.name}/users`, json: { name: 'u' }, by }
    await admin.json(user, 201)
    for (const called of [other.name, other.id, 'root', 'nobody', '000000000000']) {
      for (const [method, rest] of [
        ...[
          ['GET', ''],
          ['GET', '/users'],
          ['POST', '/keys'],
          ['GET', '/quota'],
        ],
        ...[
          ['POST', '/suspend'],
          ['DELETE', ''],
          ['GET', '/buckets'],
          ['GET', '/policies/x'],
        ],
      ] as const) {
        const request = { method, path: `/v1/tenants/${called}${rest}`, by }
        assert.equal(await admin.refusal(request), '404 NoSuchTenant', `${method} ${called}${rest}`)
      }
    }
    const headers = { 'if-match': '*' }
    for (const request of [
      { method: 'PATCH', path: `/v1/tenants/${own.name}`, json: {}, headers },
      { method: 'PUT', path: `/v1/tenants/${own.name}/quota`, json: {}, headers },
      { method: 'POST', path: `/v1/tenants/${own.name}/suspend` },
      { method: 'DELETE', path: `/v1/tenants/${own.name}`, headers },
      { method: 'POST', path: '/v1/tenants', json: { name: 'more' } },
      { path: '/v1/admins' },
      { method: 'POST', path: '/v1/admins', json: { name: 'me', role: 'superadmin' } },
    ]) {
      assert.equal(await admin.refusal({ ...request, by }), '403 Forbidden', request.path)
    }
  })

  test('has nothing for users of a tenant, whatever their policies say', async () => {
    const { name } = await fixture.makeTenant()
    const base = `/v1/tenants/${name}/users`
    await admin.json({ method: 'POST', path: base, json: { name: 'u' } }, 201)
    const arn = 'arn:aws:iam::aws:policy/AdministratorAccess'
    await admin.ask({ method: 'POST', path: `${base}/u/attach`, json: { arn } })
    const by = credentialsIn(await admin.json({ method: 'POST', path: `${base}/u/keys` }, 201))
    assert.equal((await fixture.s3(by, 'PUT', '/of-user')).status, 200)
    assert.equal(await admin.refusal({ path: `/v1/tenants/${name}`, by }), '403 Forbidden')
  })

  test('keeps nothing in the clear of what it has shown', async () => {
    const json = { name: 'sealed-reply' }
    const headers = { 'idempotency-key': 'seal' }
    const { key } = await admin.json({ method: 'POST', path: '/v1/tenants', json, headers }, 201)
    const { token } = await admin.json(
      { method: 'POST', path: '/v1/tokens', json: { name: 't' }, headers },
      201,
    )
    const { identities } = server.stores.metadata
    const kept: string[] = []
    for (const kind of ['adminReply', 'adminToken', 'admin'] as const) {
      const { entries } = await identities.list('-admin' as never, kind, { limit: 1_000 })
      kept.push(JSON.stringify(entries))
    }
    const secrets = [credentialsIn(key).secretAccessKey, String(token).split('_')[2] ?? '-']
    for (const secret of secrets) assert.ok(!kept.join().includes(secret))
  })

  test('takes tokens for as long as they live, and none of them makes another', async () => {
    let laterMs = 0
    const later = await AdminServer.start(server, { now: () => Date.now() + laterMs })
    try {
      const make = (json: object) => later.json({ method: 'POST', path: '/v1/tokens', json }, 201)
      const { token, id } = await make({ name: 'ci', expiresInSeconds: 60 })
      const by = String(token)
      assert.equal((await later.json({ path: '/v1/self', by })).role, 'superadmin')
      const more = { method: 'POST', path: '/v1/tokens', json: { name: 'more' }, by }
      assert.equal(await later.refusal(more), '403 Forbidden')
      const reader = String((await make({ name: 'reader', readOnly: true })).token)
      await later.json({ path: '/v1/tenants', by: reader })
      const change = { method: 'POST', path: '/v1/tenants', json: { name: 'x' }, by: reader }
      assert.equal(await later.refusal(change), '403 Forbidden')
      const { items } = await later.json({ path: '/v1/tokens' })
      assert.ok(Array.isArray(items) && items.some((each) => each.id === id && !('token' in each)))
      const spoilt = `${by.slice(0, -1)}${by.endsWith('0') ? '1' : '0'}`
      assert.equal(await later.refusal({ path: '/v1/self', by: spoilt }), '401 NotSignedIn')
      laterMs = 61_000
      assert.equal(await later.refusal({ path: '/v1/self', by }), '401 NotSignedIn')
      laterMs = 0
      assert.equal((await later.ask({ method: 'DELETE', path: `/v1/tokens/${id}` })).status, 204)
      assert.equal(await later.refusal({ path: '/v1/self', by }), '401 NotSignedIn')
      // Of a tenant's root user: gone with what it was for.
      const { name, credentials } = await fixture.makeTenant()
      const own = await later.json(
        { method: 'POST', path: '/v1/tokens', json: { name: 't' }, by: credentials },
        201,
      )
      const remove = { method: 'DELETE', path: `/v1/tokens/${own.id}` }
      assert.equal(await later.refusal(remove), '404 NoSuchToken')
      await later.ask({ method: 'POST', path: `/v1/tenants/${name}/suspend` })
      const refused = await later.refusal({ path: '/v1/self', by: String(own.token) })
      assert.equal(refused, '403 AccountSuspended')
    } finally {
      await later.stop()
    }
  })

  test('has admins of three roles, whose keys open nothing else', async () => {
    const { name, id } = await fixture.makeTenant()
    const make = async (json: object) => {
      const made = await admin.json({ method: 'POST', path: '/v1/admins', json }, 201)
      return { id: String(made.id), by: credentialsIn(made.key) }
    }
    const boss = await make({ name: 'boss', role: 'superadmin' })
    const clerk = await make({ name: 'clerk', role: 'tenantAdmin', tenant: name })
    const auditor = await make({ name: 'auditor', role: 'readOnly' })
    assert.equal(codeOf(await fixture.s3(boss.by, 'GET', '/')), 'InvalidAccessKeyId')
    const tenant = { method: 'POST', path: '/v1/tenants', json: { name: 'made-by-boss' } }
    await admin.json({ ...tenant, by: boss.by }, 201)
    assert.equal(await admin.refusal({ ...tenant, by: clerk.by }), '403 Forbidden')
    assert.equal(await admin.refusal({ ...tenant, by: auditor.by }), '403 Forbidden')
    const user = { method: 'POST', path: `/v1/tenants/${id}/users`, json: { name: 'u' } }
    assert.equal(await admin.refusal({ ...user, by: auditor.by }), '403 Forbidden')
    await admin.json({ ...user, by: clerk.by }, 201)
    const elsewhere = { path: '/v1/tenants/root', by: clerk.by }
    assert.equal(await admin.refusal(elsewhere), '404 NoSuchTenant')
    for (const path of ['/v1/tenants/root', '/v1/admins', `/v1/tenants/${id}/users/u`]) {
      await admin.json({ path, by: auditor.by })
    }
    for (const json of [
      ...[
        { name: 'x', role: 'superadmin', tenant: name },
        { name: 'x', role: 'tenantAdmin' },
      ],
      ...[{ name: 'x', role: 'king' }, { role: 'readOnly' }, { name: 'a b', role: 'readOnly' }],
    ]) {
      const request = { method: 'POST', path: '/v1/admins', json }
      assert.equal(await admin.refusal(request), '400 InvalidRequest')
    }
    const taken = { method: 'POST', path: '/v1/admins', json: { name: 'boss', role: 'readOnly' } }
    assert.equal(await admin.refusal(taken), '409 AlreadyExists')
    // Changed by its ETag, and at once.
    const path = `/v1/admins/${auditor.id}`
    const etag = (await admin.ask({ path })).headers.get('etag') ?? ''
    const patch = { method: 'PATCH', path, json: { tenant: name } }
    assert.equal(await admin.refusal(patch), '428 PreconditionRequired')
    await admin.json({ ...patch, headers: { 'if-match': etag } })
    assert.equal(
      await admin.refusal({ ...patch, headers: { 'if-match': etag } }),
      '412 PreconditionFailed',
    )
    assert.equal(await admin.refusal({ path: '/v1/admins', by: auditor.by }), '403 Forbidden')
    // A second key, and no third.
    const second = await admin.json({ method: 'POST', path: `${path}/keys` }, 201)
    assert.equal(await admin.refusal({ method: 'POST', path: `${path}/keys` }), '409 LimitExceeded')
    await admin.json({ path: '/v1/self', by: credentialsIn(second) })
    const gone = `${path}/keys/${second.accessKeyId}`
    assert.equal((await admin.ask({ method: 'DELETE', path: gone })).status, 204)
    const byGone = { path: '/v1/self', by: credentialsIn(second) }
    assert.equal(await admin.refusal(byGone), '401 NotSignedIn')
    const headers = { 'if-match': '*' }
    assert.equal((await admin.ask({ method: 'DELETE', path, headers })).status, 204)
    assert.equal(await admin.refusal({ path: '/v1/self', by: auditor.by }), '401 NotSignedIn')
    assert.equal(await admin.refusal({ path }), '404 NoSuchAdmin')
  })

  test('bounds bodies, whether or not their length is told', async () => {
    const json = { name: 'x'.repeat(300_000) }
    const request = { method: 'POST', path: '/v1/tenants', json }
    assert.equal(await admin.refusal(request), '413 BodyTooLarge')
    assert.equal(await admin.refusal({ ...request, by: 'nobody' }), '413 BodyTooLarge')
    const status = await new Promise<number>((resolve, reject) => {
      const sending = httpRequest(`${admin.origin}/v1/tenants`, { method: 'POST' }, (response) => {
        response.resume()
        resolve(response.statusCode ?? 0)
      })
      sending.on('error', reject)
      for (let sent = 0; sent < 20; sent += 1) sending.write(randomBytes(32_768))
      sending.end()
    })
    assert.equal(status, 413)
    const typed = { ...request, json: 'name=x', headers: { 'content-type': 'text/plain' } }
    assert.equal(await admin.refusal(typed), '415 UnsupportedMediaType')
  })

  test('takes no body for what it is not, however deep, long or strange', async () => {
    const { name } = await fixture.makeTenant()
    const path = `/v1/tenants/${name}/policies`
    const deep = `${'['.repeat(60_000)}${']'.repeat(60_000)}`
    for (const document of [
      ...[deep, `{"a":${deep}}`, '{"Statement": [{"Effect": "Allow"}]}', '{"__proto__": {"x": 1}}'],
      ...[`{"Version": "2012-10-17", "Statement": "${'x'.repeat(100_000)}"}`, '"\\u0000"', '1e999'],
    ]) {
      const json = `{"name": "p", "document": ${document}}`
      const refused = await admin.refusal({ method: 'POST', path, json })
      // IAM has a size of its own for policies.
      const isLong = document.length > 100_000 && document.startsWith('{"V')
      assert.equal(refused, isLong ? '409 LimitExceeded' : '400 InvalidRequest')
    }
    const inline = { method: 'PUT', path: `/v1/tenants/${name}/users/u/policies/p`, json: deep }
    assert.equal(await admin.refusal(inline), '400 InvalidRequest')
    for (const json of ['{"name": "a", "name": 1}', '{"__proto__": {"name": "a"}}', '\u0000']) {
      const request = { method: 'POST', path: `/v1/tenants/${name}/users`, json }
      assert.equal(await admin.refusal(request), '400 InvalidRequest', json)
    }
    for (const odd of ['%00', '%2e%2e', '..%2f..', '%ff', 'a%20b', 'x'.repeat(500)]) {
      const shown = await admin.refusal({ path: `/v1/tenants/${name}/users/${odd}` })
      assert.match(shown, /^4\d\d /, `${odd}: ${shown}`)
    }
  })

  test('bounds how much somebody asks', async () => {
    const slow = await AdminServer.start(server, { adminRate: 1 })
    try {
      const { credentials } = await fixture.makeTenant()
      const path = '/v1/self'
      const replies = await Promise.all(Array.from({ length: 12 }, () => slow.ask({ path })))
      const refused = replies.filter(({ status }) => status === 429)
      assert.ok(refused.length >= 5, String(refused.length))
      for (const { headers } of refused) assert.ok(Number(headers.get('retry-after')) >= 1)
      // Others have theirs.
      assert.equal((await slow.ask({ path, by: credentials })).status, 200)
    } finally {
      await slow.stop()
    }
  })

  test('says when it cannot answer, and tells each request to the audit log', async () => {
    const lines: string[] = []
    const watched = await AdminServer.start(server, { audit: (line) => lines.push(String(line)) })
    try {
      await watched.ask({ path: '/v1/tenants/root' })
      await watched.ask({ path: '/v1/tenants/nobody' })
      await watched.ask({ path: '/v1/self', by: 'hft_secret' })
    } finally {
      await watched.stop()
    }
    const unwell = await AdminServer.start(server, {
      check: async () => {
        throw new StoreUnavailable()
      },
    })
    assert.equal(await unwell.refusal({ path: '/v1/self' }), '503 Unavailable')
    assert.equal(await unwell.refusal({ path: '/v1/self', by: 'nobody' }), '401 NotSignedIn')
    await unwell.stop()
    const told = lines.map((line) => JSON.parse(line))
    assert.deepEqual(
      told.map(({ operation, status, errorCode }) => [operation, status, errorCode]),
      [
        ['admin:GET /v1/tenants/:tenant', 200, undefined],
        ['admin:GET /v1/tenants/:tenant', 404, 'NoSuchTenant'],
        ['admin:GET /v1/self', 401, 'NotSignedIn'],
      ],
    )
    assert.ok(!lines.join().includes('hft_secret'))
  })

  test('has failed at nothing', () => fixture.assertNoFailure())
})
