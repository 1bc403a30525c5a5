// Users, groups, policies and keys of a tenant by the admin API: what it makes is what the tenant's own requests meet.
import assert from 'node:assert'
import {
  type AdminRequest,
  AdminServer,
  type Credentials,
  credentialsIn,
} from '../../support/admin-server.ts'
import { describe } from '../../support/describe.ts'
import { RunningServer } from '../../support/start-server.ts'
import { exchange } from '../../support/wire-request.ts'

const anyMatch = { 'if-match': '*' }

describe('identities by the admin API', (test) => {
  let server: RunningServer
  let admin: AdminServer
  let root: Credentials
  const base = '/v1/tenants/acme'

  test.before(async () => {
    server = await RunningServer.start()
    admin = await AdminServer.start(server)
    const json = { name: 'acme' }
    const made = await admin.json({ method: 'POST', path: '/v1/tenants', json }, 201)
    root = credentialsIn(made.key)
  })
  test.after(async () => {
    await admin.stop()
    await server.stop()
  })

  const post = (path: string, json?: object) =>
    admin.json({ method: 'POST', path: base + path, ...(json === undefined ? {} : { json }) }, 201)
  const done = async (request: AdminRequest) => {
    const { status, text } = await admin.ask({ ...request, path: base + request.path })
    assert.equal(status, 204, text)
  }
  const status = async (credentials: Credentials, method: string, target: string) => {
    const body = method === 'PUT' ? { body: '' } : {}
    return (await exchange(server.port, { method, target, context: { credentials }, ...body }))
      .status
  }
  /** Changes that take something away are seen within a second. */
  const until = async (wanted: number, ask: () => Promise<number>) => {
    for (;;) if ((await ask()) === wanted) return
  }
  const allow = (action: string) => ({
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Action: action, Resource: '*' }],
  })

  test('a user does what the policies attached to him and to his groups say', async () => {
    assert.equal(await status(root, 'PUT', '/photos'), 200)
    const user = await post('/users', { name: 'Ann', path: '/team/' })
    assert.equal(user.name, 'Ann')
    assert.match(String(user.arn), /^arn:aws:iam::\d{12}:user\/team\/Ann$/)
    const ann = credentialsIn(await post('/users/Ann/keys'))
    assert.equal(await status(ann, 'GET', '/photos'), 403)
    await post('/groups', { name: 'readers' })
    await done({ method: 'PUT', path: '/groups/readers/users/ann' })
    const arn = 'arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess'
    await done({ method: 'POST', path: '/groups/readers/attach', json: { arn } })
    assert.equal(await status(ann, 'GET', '/photos'), 200)
    assert.equal(await status(ann, 'PUT', '/photos/k'), 403)
    const write = { method: 'PUT', path: '/users/Ann/policies/write', json: allow('s3:PutObject') }
    await done(write)
    assert.equal(await status(ann, 'PUT', '/photos/k'), 200)
    const shown = await admin.json({ path: `${base}/users/ann` })
    assert.deepEqual(
      [shown.groups, shown.attached, shown.inline, shown.keys],
      [['readers'], [], ['write'], 1],
    )
    const inline = await admin.json({ path: `${base}/users/Ann/policies/write` })
    assert.deepEqual(inline, allow('s3:PutObject'))
    const { items } = await admin.json({ path: `${base}/groups/readers/users` })
    assert.deepEqual(items, [{ name: 'Ann' }])
    await done({ method: 'POST', path: '/groups/readers/detach', json: { arn } })
    await until(403, () => status(ann, 'GET', '/photos'))
  })

  test('a policy of the tenant is changed by its ETag, through as many documents as one likes', async () => {
    const made = await post('/policies', { name: 'p', document: allow('s3:ListBucket') })
    await post('/users', { name: 'ben' })
    const ben = credentialsIn(await post('/users/ben/keys'))
    const json = { arn: made.arn }
    await done({ method: 'POST', path: '/users/ben/attach', json })
    assert.equal(await status(ben, 'GET', '/photos'), 200)
    const path = `${base}/policies/p`
    const put = (etag: string, action: string) =>
      admin.ask({
        ...{ method: 'PUT', path, json: { document: allow(action) } },
        headers: { 'if-match': etag },
      })
    let etag = (await admin.ask({ path })).headers.get('etag') ?? ''
    const first = etag
    for (let change = 0; change < 7; change += 1) {
      const reply = await put(etag, `s3:Get${change}*`)
      assert.equal(reply.status, 200, reply.text)
      etag = reply.headers.get('etag') ?? ''
    }
    assert.equal((await put(first, 's3:*')).status, 412)
    const both = await Promise.all([put(etag, 's3:A*'), put(etag, 's3:B*')])
    assert.deepEqual(both.map((reply) => reply.status).sort(), [200, 412])
    await until(403, () => status(ben, 'GET', '/photos'))
    const { versions, document } = await admin.json({ path })
    assert.equal(Array.isArray(versions) && versions.length, 5)
    assert.match(JSON.stringify(document), /s3:[AB]\*/)
    const remove = { method: 'DELETE', path, headers: anyMatch }
    assert.equal(await admin.refusal({ ...remove, headers: {} }), '428 PreconditionRequired')
    assert.equal(await admin.refusal(remove), '409 Conflict')
    await done({ method: 'POST', path: '/users/ben/detach', json })
    assert.equal((await admin.ask(remove)).status, 204)
    assert.equal(await admin.refusal({ path }), '404 NoSuchEntity')
  })

  test('names, limits and refusals are those of IAM', async () => {
    for (const [path, json, refused] of [
      ['/users', { name: 'Ann' }, '409 AlreadyExists'],
      ['/users', { name: 'ANN' }, '409 AlreadyExists'],
      ['/users', { name: 'a b' }, '400 InvalidRequest'],
      ['/users', { name: 'x', path: 'no-slash' }, '400 InvalidRequest'],
      ['/groups', { name: 'readers' }, '409 AlreadyExists'],
      ['/policies', { name: 'q', document: {} }, '400 InvalidRequest'],
      ['/policies', { name: 'q', document: { Statement: 'x' } }, '400 InvalidRequest'],
      ['/policies', { name: 'q', document: 'x' }, '400 InvalidRequest'],
      ['/users/nobody/keys', undefined, '404 NoSuchEntity'],
      ['/users/nobody/attach', { arn: 'arn:aws:iam::aws:policy/x' }, '404 NoSuchEntity'],
      [
        '/users/Ann/attach',
        { arn: `arn:aws:iam::aws:policy/${'x'.repeat(9)}` },
        '404 NoSuchEntity',
      ],
    ] as const) {
      const request = { method: 'POST', path: base + path, ...(json === undefined ? {} : { json }) }
      assert.equal(await admin.refusal(request), refused, `${path} ${JSON.stringify(json)}`)
    }
    const remove = { method: 'DELETE', path: `${base}/users/Ann`, headers: anyMatch }
    assert.equal(await admin.refusal(remove), '409 Conflict')
  })

  test('keys are opened, closed and removed, but for the last of the root user', async () => {
    await post('/users', { name: 'cat' })
    await done({ method: 'PUT', path: '/users/cat/policies/all', json: allow('s3:*') })
    const cat = credentialsIn(await post('/users/cat/keys'))
    assert.equal(await status(cat, 'GET', '/photos'), 200)
    const path = `/users/cat/keys/${cat.accessKeyId}`
    await done({ method: 'PATCH', path, json: { status: 'inactive' } })
    await until(403, () => status(cat, 'GET', '/photos'))
    await done({ method: 'PATCH', path, json: { status: 'active' } })
    await until(200, () => status(cat, 'GET', '/photos'))
    const { items } = await admin.json({ path: `${base}/users/cat/keys` })
    assert.ok(
      Array.isArray(items) && items.length === 1 && items[0].accessKeyId === cat.accessKeyId,
    )
    assert.ok(!JSON.stringify(items).includes(cat.secretAccessKey))
    await done({ method: 'DELETE', path })
    await until(403, () => status(cat, 'GET', '/photos'))
    const last = { method: 'DELETE', path: `${base}/keys/${root.accessKeyId}` }
    assert.equal(await admin.refusal(last), '409 Conflict')
    const second = credentialsIn(await post('/keys'))
    assert.equal(await status(second, 'GET', '/photos'), 200)
    assert.equal(await admin.refusal({ method: 'POST', path: `${base}/keys` }), '409 LimitExceeded')
    assert.equal((await admin.ask(last)).status, 204)
    root = second
    const all = await admin.json({ path: `${base}/keys?limit=1` })
    assert.ok(Array.isArray(all.items) && all.items.length === 1 && all.next !== undefined)
  })

  test('a key that is asked for twice at once, by one idempotency key, is one key and works', async () => {
    await post('/users', { name: 'eve' })
    await done({ method: 'PUT', path: '/users/eve/policies/all', json: allow('s3:*') })
    for (const key of ['first', 'second']) {
      const request = {
        ...{ method: 'POST', path: `${base}/users/eve/keys` },
        headers: { 'idempotency-key': key },
      }
      const replies = await Promise.all(Array.from({ length: 5 }, () => admin.ask(request)))
      // Who meets the other in the middle may be told that there are enough.
      const made = replies.filter((reply) => reply.status === 201).map(({ text }) => text)
      assert.ok(made.length > 0 && new Set(made).size === 1, replies.map(({ text }) => text).join())
      assert.equal(await status(credentialsIn(JSON.parse(made[0] ?? '')), 'GET', '/photos'), 200)
      assert.equal((await admin.ask(request)).text, made[0])
    }
    const { items } = await admin.json({ path: `${base}/users/eve/keys` })
    assert.equal(Array.isArray(items) && items.length, 2)
  })

  test('a user is removed by its ETag, and lists are paged', async () => {
    const names = ['d1', 'd2', 'd3']
    for (const name of names) await post('/users', { name })
    const found: string[] = []
    for (let after = ''; ; ) {
      const { items, next } = await admin.json({
        path: `${base}/users?prefix=d&limit=2${after}`,
      })
      assert.ok(Array.isArray(items))
      found.push(...items.map(({ name }) => name))
      if (next === undefined) break
      after = `&after=${next}`
    }
    assert.deepEqual(found, names)
    const path = `${base}/users/d1`
    const etag = (await admin.ask({ path })).headers.get('etag') ?? ''
    await done({ method: 'PUT', path: '/groups/readers/users/d1' })
    const remove = (tag: string) =>
      admin.refusal({ method: 'DELETE', path, headers: { 'if-match': tag } })
    assert.equal(await remove(etag), '412 PreconditionFailed')
    await done({ method: 'DELETE', path: '/groups/readers/users/d1' })
    assert.equal(await remove((await admin.ask({ path })).headers.get('etag') ?? ''), '204')
    server.assertNoFailure()
    assert.deepEqual(admin.logged, [])
  })
})
