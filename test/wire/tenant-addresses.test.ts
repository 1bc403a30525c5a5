// Buckets of other namespaces, reached by their tenant: in the path, in the host, and as the source of a copy.
import assert from 'node:assert'
import { createHash, randomBytes } from 'node:crypto'
import { drawAccessKey, sealAccessKey } from '../../gateway/access/keys/new-access-key.ts'
import { changeTenant, suspend } from '../../gateway/admin/tenants/change-tenant.ts'
import { createTenant } from '../../gateway/admin/tenants/create-tenant.ts'
import type { UserDocument } from '../../metadata/identity-records.ts'
import type { TenantId } from '../../metadata/records.ts'
import type { OperationName } from '../../protocol/s3/operations-table.ts'
import type { SigningContext } from '../../protocol/s3/sigv4/sign-request.ts'
import { describe } from '../support/describe.ts'
import { Place, requestsOfOperations } from '../support/operation-requests.ts'
import type { RawResponse } from '../support/raw-connection.ts'
import { RunningServer, serverRegion } from '../support/start-server.ts'
import {
  codeOf,
  exchange,
  exchangeBytes,
  signed,
  type WireRequest,
} from '../support/wire-request.ts'

const domains = ['s3.test']

/** Where nothing is made ready. */
class Elsewhere extends Place {
  override async sure(): Promise<RawResponse> {
    return { status: 200, head: '', headers: new Map(), body: Buffer.alloc(0) }
  }
}

describe('addresses with a tenant', (test) => {
  let server: RunningServer
  let acme: Tenanted
  let other: Tenanted
  let names = 0

  type Tenanted = {
    readonly id: TenantId
    readonly name: string
    readonly credentials: SigningContext['credentials']
  }

  test.before(async () => {
    server = await RunningServer.start({ domains, blockPublicAccess: false })
    acme = await makeTenant('acme', 'own')
    other = await makeTenant('other', 'own')
  })
  test.after(() => server.stop())

  async function makeTenant(name: string, namespace: 'own' | 'default'): Promise<Tenanted> {
    const made = await createTenant(depsOf(), { name, namespace, quota: {} })
    assert.ok(made.is === 'created')
    const { accessKeyId, secretKey: secretAccessKey } = made.key
    const credentials = { accessKeyId, secretAccessKey, region: serverRegion }
    return { id: made.tenant.id, name, credentials }
  }

  function depsOf() {
    const { stores, masterKey } = server
    return { metadata: stores.metadata, masterKey, random: randomBytes, now: Date.now }
  }

  /** Undefined: nobody signs. */
  async function ask(by: Tenanted | undefined, request: WireRequest): Promise<RawResponse> {
    if (by !== undefined) {
      return exchange(server.port, { ...request, context: { credentials: by.credentials } })
    }
    const without = ['authorization', 'x-amz-date', 'x-amz-content-sha256']
    const { bytes, method } = signed({ ...request, without })
    return exchangeBytes(server.port, bytes, method)
  }

  async function put(by: Tenanted, target: string, body = ''): Promise<void> {
    const { status } = await ask(by, { method: 'PUT', target, body })
    assert.equal(status, 200, target)
  }

  function newName(): string {
    names += 1
    return `bucket-${names}`
  }

  async function open(by: Tenanted, bucket: string, principal: unknown): Promise<void> {
    const resources = [`arn:aws:s3:::${bucket}`, `arn:aws:s3:::${bucket}/*`]
    const statement = { Effect: 'Allow', Principal: principal, Action: 's3:*', Resource: resources }
    const body = JSON.stringify({ Version: '2012-10-17', Statement: [statement] })
    const { status } = await ask(by, { method: 'PUT', target: `/${bucket}?policy`, body })
    assert.equal(status, 204)
  }

  /** All that a caller can see of a refusal. */
  function seen({ status, headers, body }: RawResponse): unknown {
    const own = ['x-amz-request-id', 'date', 'content-length']
    const shown = [...headers].filter(([name]) => !own.includes(name))
    return [status, shown, body.toString().replace(/<(RequestId|Resource)>[^<]*/g, '')]
  }

  test('names of own namespaces do not collide, and each sees its own', async () => {
    const name = newName()
    await put(acme, `/${name}`)
    await put(other, `/${name}`)
    await put(acme, `/${name}/k`, 'of acme')
    assert.equal((await ask(other, { target: `/${name}/k` })).status, 404)
    assert.equal((await ask(acme, { target: `/${name}/k` })).body.toString(), 'of acme')
    const listed = (await ask(other, { target: '/' })).body.toString()
    assert.match(listed, new RegExp(`<Name>${name}</Name>`))
  })

  test('a policy opens a bucket to another tenant by name, by account, and in the host', async () => {
    const name = newName()
    await put(acme, `/${name}`)
    await put(acme, `/${name}/k`, 'text')
    await open(acme, name, { AWS: other.id })
    for (const target of [`/acme:${name}/k`, `/${acme.id}:${name}/k`, `/acme%3A${name}/k`]) {
      assert.equal((await ask(other, { target })).body.toString(), 'text', target)
    }
    for (const label of ['acme', acme.id]) {
      const host = `${name}.${label}.s3.test`
      assert.equal((await ask(other, { target: '/k', headers: { host } })).body.toString(), 'text')
    }
    assert.equal((await ask(other, { target: `/${name}/k` })).status, 404)
    assert.equal((await ask(undefined, { target: `/acme:${name}/k` })).status, 403)
  })

  test('a public bucket is reached by who has not signed, with the rules for pages', async () => {
    const name = newName()
    await put(acme, `/${name}`)
    await put(acme, `/${name}/k`, 'open')
    await open(acme, name, '*')
    const rule = '<AllowedOrigin>*</AllowedOrigin><AllowedMethod>GET</AllowedMethod>'
    const body = `<CORSConfiguration><CORSRule>${rule}</CORSRule></CORSConfiguration>`
    const digest = { 'content-md5': createHash('md5').update(body).digest('base64') }
    const set = { method: 'PUT', target: `/${name}?cors`, headers: digest, body }
    assert.equal((await ask(acme, set)).status, 200)
    const headers = { origin: 'http://page.test' }
    const got = await ask(undefined, { target: `/acme:${name}/k`, headers })
    assert.equal(got.body.toString(), 'open')
    assert.equal(got.headers.get('access-control-allow-origin'), '*')
    const host = `${name}.acme.s3.test`
    const hosted = await ask(undefined, { target: '/k', headers: { host } })
    assert.equal(hosted.body.toString(), 'open')
    const preflight = await ask(undefined, {
      ...{ method: 'OPTIONS', target: `/acme:${name}/k` },
      headers: { ...headers, 'access-control-request-method': 'GET' },
    })
    assert.equal(preflight.status, 200)
  })

  test('what is not there, whose tenant is not there, and what is not one’s own, look alike', async () => {
    const name = newName()
    await put(acme, `/${name}`)
    for (const by of [other, undefined]) {
      for (const [method, rest] of [
        ...[
          ['GET', ''],
          ['GET', '?location'],
          ['HEAD', ''],
          ['GET', '/k'],
          ['DELETE', '/k'],
        ],
        ...[
          ['PUT', '/k'],
          ['DELETE', ''],
          ['PUT', ''],
          ['GET', '?policy'],
          ['OPTIONS', '/k'],
        ],
      ] as const) {
        const headers = { origin: 'http://page.test', 'access-control-request-method': 'GET' }
        const [there, ...missing] = await Promise.all(
          [`acme:${name}`, 'acme:no-such-bucket', 'nobody:no-such-bucket', `acme:${name}X`].map(
            (called) => ask(by, { method, target: `/${called}${rest}`, headers }),
          ),
        )
        assert.ok(there !== undefined)
        assert.equal(there.status, 403, `${method} ${rest}`)
        for (const each of missing) assert.deepEqual(seen(each), seen(there), `${method} ${rest}`)
      }
      const spoilt = (head: string) => head.replace(/Signature=../, 'Signature=zz')
      const wrong = await Promise.all(
        [`acme:${name}`, 'acme:no-such-bucket'].map((called) =>
          exchange(server.port, { target: `/${called}`, spoil: spoilt }),
        ),
      )
      const regions = wrong.map(({ headers }) => headers.get('x-amz-bucket-region'))
      assert.deepEqual(regions, [serverRegion, serverRegion])
    }
    // The tenant itself is told.
    assert.equal(codeOf(await ask(acme, { target: '/acme:no-such-bucket' })), 'NoSuchBucket')
    assert.equal((await ask(acme, { target: `/acme:${name}` })).status, 200)
  })

  test('so they do to every operation, and as the source of a copy', async () => {
    const name = newName()
    await put(acme, `/${name}`)
    await put(acme, `/${name}/k`, 'text')
    const own = newName()
    await put(other, `/${own}`)
    const at = (called: string) => new Elsewhere(server.port, called)
    for (const operation of Object.keys(requestsOfOperations) as readonly OperationName[]) {
      const askAt = async (by: Tenanted | undefined, called: string) => {
        const request = await requestsOfOperations[operation](at(called))
        return 'form' in request ? undefined : seen(await ask(by, request))
      }
      for (const by of [other, undefined]) {
        const missing = await askAt(by, 'acme:no-such-bucket')
        assert.deepEqual(await askAt(by, `acme:${name}`), missing, operation)
      }
    }
    for (const [method, rest] of [
      ['PUT', '?ownershipControls'],
      ['POST', '?delete'],
      ['PUT', '/k?tagging'],
      ['PUT', '/k?tagging&versionId=none'],
      ['PUT', '/k?acl'],
    ] as const) {
      const [there, missing] = await Promise.all(
        [name, 'no-such-bucket'].map((called) =>
          ask(other, { method, target: `/acme:${called}${rest}`, body: '<no document' }),
        ),
      )
      assert.deepEqual(there && seen(there), missing && seen(missing), rest)
    }
    const copyOf = async (source: string) => {
      const headers = { 'x-amz-copy-source': source }
      return seen(await ask(other, { method: 'PUT', target: `/${own}/copy`, headers }))
    }
    const missing = await copyOf('/acme:no-such-bucket/k')
    assert.deepEqual(await copyOf(`/acme:${name}/k`), missing)
    assert.deepEqual(await copyOf(`/acme:${name}/none`), missing)
  })

  test('a bucket is made by its own tenant alone, whatever the address says', async () => {
    const name = newName()
    await put(acme, `/acme:${name}`)
    const refused = await ask(other, { method: 'PUT', target: `/acme:${newName()}` })
    assert.equal(codeOf(refused), 'AccessDenied')
    const hosted = { method: 'PUT', target: '/', headers: { host: `${newName()}.acme.s3.test` } }
    assert.equal((await ask(other, hosted)).status, 403)
    assert.equal((await ask(acme, hosted)).status, 200)
  })

  test('a copy takes its source from another tenant, and a name alone is one’s own', async () => {
    const name = newName()
    await put(acme, `/${name}`)
    await put(acme, `/${name}/k`, 'of acme')
    await put(other, `/${name}`)
    await put(other, `/${name}/k`, 'of other')
    await open(acme, name, { AWS: other.id })
    const copy = async (target: string, source: string) => {
      const headers = { 'x-amz-copy-source': source }
      const { status } = await ask(other, { method: 'PUT', target, headers })
      return status
    }
    assert.equal(await copy(`/${name}/a`, `acme:${name}/k`), 200)
    assert.equal((await ask(other, { target: `/${name}/a` })).body.toString(), 'of acme')
    // Into the bucket of the same name that is somebody else's.
    assert.equal(await copy(`/acme:${name}/b`, `${name}/k`), 200)
    assert.equal((await ask(acme, { target: `/${name}/b` })).body.toString(), 'of other')
    assert.equal(await copy(`/${name}/c`, 'acme:no-such-bucket/k'), 403)
    assert.equal(await copy(`/${name}/c`, 'nobody:no-such-bucket/k'), 403)
    assert.equal(await copy(`/${name}/c`, `other:${name}/k`), 200)
  })

  test('what is stored for a tenant is deduplicated and sealed for the owner of the bucket', async () => {
    const name = newName()
    const body = randomBytes(100_000).toString('hex')
    await put(acme, `/${name}`)
    await open(acme, name, { AWS: other.id })
    await put(acme, `/${name}/one`, body)
    const before = await server.kept()
    await put(other, `/acme:${name}/two`, body)
    assert.deepEqual(await server.kept(), before)
    await put(other, `/${name}`)
    await put(other, `/${name}/three`, body)
    assert.equal((await server.kept()).chunks, before.chunks + 1)
  })

  test('tenants of the shared namespace reach each other by plain names, and by their own', async () => {
    const [shop, guest] = [
      await makeTenant('shop', 'default'),
      await makeTenant('guest', 'default'),
    ]
    const name = newName()
    await put(shop, `/${name}`)
    await put(shop, `/${name}/k`, 'shared')
    assert.equal(
      codeOf(await ask(guest, { method: 'PUT', target: `/${name}` })),
      'BucketAlreadyExists',
    )
    await open(shop, name, { AWS: [guest.id, acme.id] })
    assert.equal((await ask(guest, { target: `/${name}/k` })).body.toString(), 'shared')
    assert.equal((await ask(acme, { target: `/shop:${name}/k` })).body.toString(), 'shared')
    // It is none of the guest's.
    assert.equal((await ask(acme, { target: `/guest:${name}/k` })).status, 403)
  })

  test('the host of a bucket with dots is a tenant’s where there is one of that name', async () => {
    const shop = await makeTenant('dotted', 'default')
    await put(shop, '/a.plain')
    await put(shop, '/a.plain/k', 'plain')
    const plain = await ask(shop, { target: '/k', headers: { host: 'a.plain.s3.test' } })
    assert.equal(plain.body.toString(), 'plain')
    await put(shop, '/a.acme')
    await put(shop, '/a.acme/k', 'a bucket with a dot')
    const taken = await ask(shop, { target: '/k', headers: { host: 'a.acme.s3.test' } })
    assert.equal(taken.status, 403)
  })

  test('a suspended tenant is refused, and so are others in its buckets', async () => {
    const closed = await makeTenant('closed', 'own')
    const open2 = await makeTenant('closed-too', 'default')
    const name = newName()
    for (const each of [closed, open2]) {
      await put(each, `/${name}`)
      await put(each, `/${name}/k`, 'text')
      await open(each, name, '*')
      const { is } = await changeTenant(depsOf(), { tenantId: each.id }, suspend)
      assert.equal(is, 'done')
    }
    const until = async (wanted: string, request: () => Promise<RawResponse>) => {
      for (;;) if (codeOf(await request()) === wanted) return
    }
    await until('AccountProblem', () => ask(closed, { target: `/${name}/k` }))
    await until('AccessDenied', () => ask(other, { target: `/closed:${name}/k` }))
    await until('AccessDenied', () => ask(undefined, { target: `/closed-too:${name}/k` }))
    await until('AllAccessDisabled', () => ask(undefined, { target: `/${name}/k` }))
  })

  test('policies of a user mean buckets of his own tenant, and another’s by its account', async () => {
    const name = newName()
    await put(acme, `/${name}`)
    await put(acme, `/${name}/k`, 'text')
    await open(acme, name, { AWS: other.id })
    for (const [resource, status] of [
      [`arn:aws:s3:::${name}/*`, 403],
      [`arn:aws:s3::${acme.id}:${name}/*`, 200],
      ['arn:aws:s3:::*', 403],
      ['*', 200],
    ] as const) {
      const user = await makeUser(other, resource)
      const got = await ask(user, { target: `/acme:${name}/k` })
      assert.equal(got.status, status, resource)
    }
    server.assertNoFailure()
  })

  /** Who may do anything to what the resource names. */
  async function makeUser(of: Tenanted, resource: string): Promise<Tenanted> {
    const { metadata } = depsOf()
    const key = drawAccessKey(randomBytes)
    const userName = key.accessKeyId.toLowerCase()
    const statement = { Effect: 'Allow', Action: '*', Resource: resource }
    const document = JSON.stringify({ Version: '2012-10-17', Statement: [statement] })
    const accessKey = { accessKeyId: key.accessKeyId, status: 'active', createdMs: 0 } as const
    const user: UserDocument = {
      ...{ id: `AIDA${key.accessKeyId}`, name: userName, path: '/', createdMs: 0, tags: [] },
      ...{ inline: [{ name: 'own', document }], attached: [], groups: [], accessKeys: [accessKey] },
    }
    const sealing = { ...depsOf(), nowMs: 0 }
    await metadata.tenants.putAccessKey(
      sealAccessKey(sealing, { ...key, tenantId: of.id, userName }),
    )
    const { is } = await metadata.identities.commit(of.id, {
      ifRevision: await metadata.identities.revision(of.id),
      put: [{ kind: 'user', name: userName, document: user }],
      remove: [],
    })
    assert.equal(is, 'done')
    const { accessKeyId, secretKey: secretAccessKey } = key
    return { ...of, credentials: { accessKeyId, secretAccessKey, region: serverRegion } }
  }
})
