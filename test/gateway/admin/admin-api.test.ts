// The admin API over HTTP: tenants, their quotas and their states, and what is made once.
import assert from 'node:assert'
import { type AdminServer, credentialsIn } from '../../support/admin-server.ts'
import { describe } from '../../support/describe.ts'
import { codeOf } from '../../support/wire-request.ts'
import { AdminFixture } from './admin-fixture.ts'

describe('the admin API', (test) => {
  let fixture: AdminFixture
  let admin: AdminServer

  test.before(async () => {
    fixture = await AdminFixture.start()
    admin = fixture.admin
  })
  test.after(() => fixture.stop())

  test('makes a tenant whose key opens S3 at once, and shows it by name and by id', async () => {
    const name = 'acme'
    const quota = { bytes: 1_000_000, buckets: 3 }
    const json = { name, region: 'eu-1', quota }
    const reply = await admin.ask({ method: 'POST', path: '/v1/tenants', json })
    assert.equal(reply.status, 201)
    const { id, key, created, ...rest } = reply.json
    assert.match(String(id), /^\d{12}$/)
    assert.deepEqual(rest, { name, namespace: 'own', status: 'active', region: 'eu-1', quota })
    assert.equal(reply.headers.get('location'), `/v1/tenants/${id}`)
    assert.equal(reply.headers.get('etag'), '"1"')
    assert.equal(reply.headers.get('cache-control'), 'no-store')
    assert.match(reply.headers.get('x-request-id') ?? '', /^\w{16}$/)
    assert.equal((await fixture.s3(credentialsIn(key), 'PUT', '/bucket')).status, 200)
    for (const called of [name, id]) {
      const shown = await admin.json({ path: `/v1/tenants/${called}` })
      assert.deepEqual(shown, { id, created, ...rest })
    }
    const { items } = await admin.json({ path: '/v1/tenants/acme/buckets' })
    assert.ok(Array.isArray(items) && items.length === 1)
    assert.equal(items[0].name, 'bucket')
  })

  test('refuses names that are none, or somebody’s', async () => {
    const { name } = await fixture.makeTenant()
    const post = (json: unknown) => admin.refusal({ method: 'POST', path: '/v1/tenants', json })
    assert.equal(await post({ name }), '409 AlreadyExists')
    assert.equal(await post({ name: 'root' }), '409 AlreadyExists')
    const wrong = ['', 'A', 'a.b', '-a', 'a-', 'a'.repeat(64), '123456789012', 'ü', 7, null, {}, []]
    for (const each of wrong) {
      assert.equal(await post({ name: each }), '400 InvalidRequest', String(each))
    }
    for (const more of [
      ...[{ namespace: 'x' }, { quota: { bytes: -1 } }, { quota: { bytes: 1.5 } }, { extra: 1 }],
      ...[{ quota: { bytes: '1' } }, { quota: { other: 1 } }, { region: 'a b' }, { quota: [] }],
    ]) {
      assert.equal(await post({ name: 'fine', ...more }), '400 InvalidRequest')
    }
    for (const text of ['', '{', 'null', '[]', '"a"', '{"name": "a"']) {
      assert.match(await post(text), /^400 InvalidRequest$/, text)
    }
  })

  test('lists in pages and by filters', async () => {
    const made = [
      await fixture.makeTenant(),
      await fixture.makeTenant({ namespace: 'default' }),
      await fixture.makeTenant(),
    ]
    await admin.json({ method: 'POST', path: `/v1/tenants/${made[2]?.name}/suspend` })
    const found: string[] = []
    for (let after = ''; ; ) {
      const { items, next } = await admin.json({ path: `/v1/tenants?limit=2${after}` })
      assert.ok(Array.isArray(items) && items.length <= 2)
      found.push(...items.map(({ id }) => id))
      if (next === undefined) break
      after = `&after=${next}`
    }
    assert.equal(new Set(found).size, found.length)
    for (const { id } of made) assert.ok(found.includes(id))
    const idsOf = async (query: string) => {
      const { items } = await admin.json({ path: `/v1/tenants?${query}` })
      assert.ok(Array.isArray(items))
      return items.map(({ id }) => id)
    }
    assert.deepEqual(await idsOf('status=suspended'), [made[2]?.id])
    assert.deepEqual(await idsOf(`prefix=${made[0]?.name}`), [made[0]?.id])
    assert.ok((await idsOf('namespace=default')).includes(made[1]?.id))
    assert.ok(!(await idsOf('namespace=own')).includes(made[1]?.id))
    for (const query of ['limit=0', 'limit=1001', 'limit=x', 'after=%21', 'status=x']) {
      assert.equal(await admin.refusal({ path: `/v1/tenants?${query}` }), '400 InvalidRequest')
    }
  })

  test('changes what was read, and nothing else', async () => {
    const { name } = await fixture.makeTenant()
    const path = `/v1/tenants/${name}`
    const patch = (etag: string | undefined, json: object) =>
      admin.ask({
        ...{ method: 'PATCH', path, json },
        headers: etag === undefined ? {} : { 'if-match': etag },
      })
    assert.equal((await patch(undefined, {})).status, 428)
    assert.equal((await patch('"7"', {})).status, 412)
    assert.equal((await patch('W/"1"', {})).status, 412)
    const changed = await patch('"1"', { quota: { objects: 5 } })
    assert.equal(changed.status, 200)
    assert.equal(changed.headers.get('etag'), '"2"')
    assert.equal((await patch('"1"', { region: 'x-1' })).status, 412)
    const quota = await admin.ask({ path: `${path}/quota` })
    assert.deepEqual(quota.json, { objects: 5 })
    const put = (etag: string) =>
      admin.ask({
        ...{ method: 'PUT', path: `${path}/quota`, json: { bytes: 9 } },
        headers: { 'if-match': etag },
      })
    assert.equal((await put('"1"')).status, 412)
    assert.deepEqual((await put('"2"')).json, { bytes: 9 })
    assert.equal((await put('*')).status, 200)
    const both = await Promise.all([put('"4"'), put('"4"')])
    assert.deepEqual(both.map(({ status }) => status).sort(), [200, 412])
  })

  test('sets the quota of a bucket by its ETag', async () => {
    const { name, credentials } = await fixture.makeTenant()
    assert.equal((await fixture.s3(credentials, 'PUT', '/photos')).status, 200)
    const path = `/v1/tenants/${name}/buckets/photos/quota`
    const first = await admin.ask({ path })
    assert.deepEqual(first.json, {})
    const put = (etag: string, json: object) =>
      admin.ask({ method: 'PUT', path, json, headers: { 'if-match': etag } })
    const etag = first.headers.get('etag') ?? ''
    const set = await put(etag, { bytes: 10 })
    assert.equal(set.status, 200)
    assert.equal((await put(etag, { bytes: 20 })).status, 412)
    const now = await admin.ask({ path })
    assert.deepEqual(now.json, { bytes: 10 })
    assert.equal(now.headers.get('etag'), set.headers.get('etag'))
    assert.equal((await put(set.headers.get('etag') ?? '', {})).status, 200)
    assert.deepEqual((await admin.ask({ path })).json, {})
    assert.equal((await put('*', { buckets: 1 })).status, 400)
    const elsewhere = `/v1/tenants/${name}/buckets/nowhere/quota`
    assert.equal(await admin.refusal({ path: elsewhere }), '404 NoSuchBucket')
  })

  test('sets quotas that requests meet, of a tenant and of a bucket', async () => {
    const { name, credentials } = await fixture.makeTenant({ quota: { buckets: 1 } })
    const put = async (target: string, body?: string) => {
      const content = body === undefined ? {} : { body }
      return codeOf(await fixture.send(credentials, { method: 'PUT', target, ...content }))
    }
    const until = async (code: string, target: string, body?: string) => {
      for (;;) if ((await put(target, body)) === code) return
    }
    assert.equal(await put('/one'), 'none')
    assert.notEqual(await put('/two'), 'none')
    const set = (path: string, json: object) =>
      admin.json({
        ...{ method: 'PUT', path: `/v1/tenants/${name}${path}/quota`, json },
        headers: { 'if-match': '*' },
      })
    await set('/buckets/one', { bytes: 3 })
    await until('QuotaExceeded', '/one/k', 'four')
    assert.equal(await put('/one/k', 'abc'), 'none')
    await set('/buckets/one', {})
    await until('none', '/one/k', 'four')
    await set('', { bytes: 5 })
    await until('QuotaExceeded', '/one/l', 'many bytes')
  })

  test('shows how much a tenant holds, and a bucket', async () => {
    const { name, credentials } = await fixture.makeTenant()
    for (const target of ['/one', '/two', '/one/k', '/two/k', '/two/l']) {
      const content = target.length > 4 ? { body: 'five.' } : {}
      const put = { method: 'PUT', target, ...content }
      assert.equal((await fixture.send(credentials, put)).status, 200)
    }
    const rest = { deleteMarkers: 0, uploads: 0, partBytes: 0 }
    assert.deepEqual(await admin.json({ path: `/v1/tenants/${name}/usage` }), {
      ...{ bytes: 15, objects: 3, versions: 3, buckets: 2, ...rest },
    })
    assert.deepEqual(await admin.json({ path: `/v1/tenants/${name}/buckets/two/usage` }), {
      ...{ bytes: 10, objects: 2, versions: 2, ...rest },
    })
  })

  test('suspends and resumes, and takes deletions back', async () => {
    const { name, credentials } = await fixture.makeTenant()
    const path = `/v1/tenants/${name}`
    const post = (verb: string) => admin.ask({ method: 'POST', path: `${path}/${verb}` })
    const until = async (code: string) => {
      for (;;) if (codeOf(await fixture.s3(credentials, 'GET', '/')) === code) return
    }
    assert.equal((await post('suspend')).json.status, 'suspended')
    await until('AccountProblem')
    assert.equal(await admin.refusal({ path, by: credentials }), '403 AccountSuspended')
    assert.equal((await post('resume')).json.status, 'active')
    await until('none')
    assert.equal((await post('undelete')).status, 409)
    const remove = (query: string, etag = '*') =>
      admin.ask({ method: 'DELETE', path: path + query, headers: { 'if-match': etag } })
    assert.equal(await admin.refusal({ method: 'DELETE', path }), '428 PreconditionRequired')
    assert.equal((await remove('', '"1"')).status, 412)
    const deleted = await remove('?graceSeconds=3600')
    assert.equal(deleted.status, 202)
    assert.equal(deleted.json.status, 'deleting')
    assert.ok(Date.parse(String(deleted.json.deleteAfter)) > Date.now() + 3_500_000)
    assert.equal((await post('suspend')).status, 409)
    assert.equal((await remove('?graceSeconds=1')).json.deleteAfter, deleted.json.deleteAfter)
    await until('AccountProblem')
    assert.equal((await post('undelete')).json.status, 'active')
    await until('none')
    for (const each of ['root', ...['suspend'].map((verb) => `root/${verb}`)]) {
      const method = each === 'root' ? 'DELETE' : 'POST'
      const request = { method, path: `/v1/tenants/${each}`, headers: { 'if-match': '*' } }
      assert.equal(await admin.refusal(request), '409 Conflict')
    }
  })

  test('makes once what comes with an idempotency key, and shows the same secret again', async () => {
    const request = (json: object, key: string) => ({
      ...{ method: 'POST', path: '/v1/tenants', json },
      headers: { 'idempotency-key': key },
    })
    const json = { name: 'once', quota: { bytes: 1 } }
    const all = await Promise.all(Array.from({ length: 8 }, () => admin.ask(request(json, 'k-1'))))
    for (const { status, text } of all) {
      assert.equal(status, 201, text)
      assert.equal(text, all[0]?.text)
    }
    const again = await admin.ask(request(json, 'k-1'))
    assert.equal(again.headers.get('idempotent-replayed'), 'true')
    assert.equal(again.text, all[0]?.text)
    assert.equal((await fixture.s3(credentialsIn(again.json.key), 'GET', '/')).status, 200)
    const other = request({ name: 'once' }, 'k-1')
    assert.equal(await admin.refusal(other), '422 IdempotencyKeyReused')
    assert.equal(await admin.refusal(request(json, 'k-2')), '409 AlreadyExists')
    // Of somebody else, the same key is another.
    const { name, credentials: by } = await fixture.makeTenant()
    const users = { method: 'POST', path: `/v1/tenants/${name}/users`, json: { name: 'u' } }
    const headers = { 'idempotency-key': 'k-1' }
    const made = await admin.json({ ...users, headers }, 201)
    assert.deepEqual(await admin.json({ ...users, headers }, 201), made)
    assert.equal(await admin.refusal({ ...users, headers, by }), '409 AlreadyExists')
    const keys = { method: 'POST', path: `/v1/tenants/${name}/users/u/keys`, headers }
    const key = await admin.json(keys, 201)
    assert.deepEqual(await admin.json(keys, 201), key)
    for (const bad of ['', 'x'.repeat(256), 'ü']) {
      const refused = await admin
        .refusal(request(json, Buffer.from(bad).toString('latin1')))
        .catch(() => 'not sent')
      assert.ok(refused === '400 InvalidRequest' || bad === '', refused)
    }
  })

  test('describes itself, and shows that without loading anything', async () => {
    const response = await fetch(`${admin.origin}/openapi.json`)
    const described = JSON.parse(await response.text())
    assert.equal(described.openapi, '3.1.0')
    const paths = Object.keys(described.paths)
    for (const path of ['/v1/tenants', '/v1/tenants/{tenant}/users', '/v1/admins/{id}']) {
      assert.ok(paths.includes(path), path)
    }
    const page = await (await fetch(`${admin.origin}/docs`)).text()
    assert.ok(page.includes('POST /v1/tenants/{tenant}/suspend'))
    assert.doesNotMatch(page, /<script|src=|https?:\/\/|@import/)
    assert.equal((await fetch(`${admin.origin}/healthz`)).status, 200)
    assert.equal((await fetch(`${admin.origin}/other`)).status, 404)
  })

  test('has failed at nothing', () => fixture.assertNoFailure())
})
