// What a client learns that signs for another region, or not at all; and a server that takes them all.

import assert from 'node:assert'
import { createHmac } from 'node:crypto'
import { defaultNamespace } from '../../metadata/namespaces.ts'
import { presignUrl } from '../../protocol/s3/sigv4/sign-request.ts'
import { SigningKeyCache } from '../../protocol/s3/sigv4/signing-keys.ts'
import { describe } from '../support/describe.ts'
import { addTenant } from '../support/more-tenants.ts'
import type { RawResponse } from '../support/raw-connection.ts'
import { RunningServer, serverKey, serverRegion } from '../support/start-server.ts'
import { codeOf, exchange, exchangeBytes, signingContext } from '../support/wire-request.ts'

const origin = 'http://s3.test'

function contextOf(region: string) {
  return { credentials: { ...serverKey, region } }
}

function anonymously(port: number, method: string, target: string): Promise<RawResponse> {
  return exchangeBytes(port, `${method} ${target} HTTP/1.1\r\nhost: s3.test\r\n\r\n`, method)
}

async function presigned(port: number, method: string, region: string): Promise<RawResponse> {
  const url = presignUrl(
    { method, origin, path: '/bkt/k', expiresSeconds: 60 },
    signingContext(contextOf(region)),
  )
  return anonymously(port, method, url.slice(origin.length))
}

/** A browser's form, signed for the region. */
async function form(port: number, region: string): Promise<RawResponse> {
  const date = new Date().toISOString().replaceAll(/[-:]|\.\d+/g, '')
  const { accessKeyId, secretAccessKey } = serverKey
  const credentialScope = `${date.slice(0, 8)}/${region}/s3/aws4_request`
  const credential = `${accessKeyId}/${credentialScope}`
  const scope = { accessKeyId, date: date.slice(0, 8), region, credential, credentialScope }
  const expiration = new Date(Date.now() + 60_000).toISOString()
  const free = ['key', 'x-amz-algorithm', 'x-amz-credential', 'x-amz-date']
  const conditions = [{ bucket: 'bkt' }, ...free.map((name) => ['starts-with', `$${name}`, ''])]
  const policy = Buffer.from(JSON.stringify({ expiration, conditions })).toString('base64')
  const key = new SigningKeyCache({ entriesMax: 1 }).keyFor(scope, secretAccessKey)
  const fields = {
    key: 'form',
    policy,
    'x-amz-algorithm': 'AWS4-HMAC-SHA256',
    'x-amz-credential': credential,
    'x-amz-date': date,
    'x-amz-signature': createHmac('sha256', key).update(policy).digest('hex'),
  }
  const parts = Object.entries(fields).map(
    ([name, value]) => `--b\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`,
  )
  const file =
    '--b\r\nContent-Disposition: form-data; name="file"; filename="x"\r\n\r\nfile\r\n--b--\r\n'
  const body = parts.join('') + file
  const head = `POST /bkt HTTP/1.1\r\nhost: s3.test\r\ncontent-type: multipart/form-data; boundary=b\r\n`
  return exchangeBytes(port, `${head}content-length: ${body.length}\r\n\r\n${body}`, 'POST')
}

function regionOf({ headers }: RawResponse): string | undefined {
  return headers.get('x-amz-bucket-region')
}

async function startWithBucket(options: Parameters<typeof RunningServer.start>[0] = {}) {
  const server = await RunningServer.start(options)
  for (const target of ['/bkt', '/bkt/k']) {
    assert.equal((await exchange(server.port, { method: 'PUT', target, body: '' })).status, 200)
  }
  return server
}

describe('a request that is refused before anybody knows whose it is', (test) => {
  let server: RunningServer
  test.before(async () => {
    server = await startWithBucket()
  })
  test.after(async () => {
    server.assertNoFailure()
    await server.stop()
  })

  test('tells the bucket’s region, anonymous HEAD of the bucket first of all', async () => {
    const head = await anonymously(server.port, 'HEAD', '/bkt')
    assert.deepStrictEqual([head.status, regionOf(head)], [403, serverRegion])
    assert.equal(head.body.length, 0)
    for (const [method, target] of [
      ['GET', '/bkt'],
      ['GET', '/bkt?location'],
      ['GET', '/bkt/k'],
      ['HEAD', '/bkt/missing'],
      ['DELETE', '/bkt/k'],
      ['PUT', '/bkt'],
    ] as const) {
      const response = await anonymously(server.port, method, target)
      assert.deepStrictEqual([response.status, regionOf(response)], [403, serverRegion], target)
    }
  })

  test('is told, when anonymous, that there is no such bucket, and no region', async () => {
    const head = await anonymously(server.port, 'HEAD', '/not-there')
    assert.deepStrictEqual([head.status, regionOf(head)], [404, undefined])
    for (const [method, target] of [
      ['GET', '/not-there'],
      ['GET', '/not-there/k'],
      ['PUT', '/not-there/k'],
      ['DELETE', '/not-there'],
    ] as const) {
      const response = await anonymously(server.port, method, target)
      const said = [response.status, codeOf(response), regionOf(response)]
      assert.deepStrictEqual(said, [404, 'NoSuchBucket', undefined], target)
    }
  })

  test('learns nothing of buckets that it could make, that can never be, or of the list of them', async () => {
    for (const [method, target] of [
      ['PUT', '/could-be-made'],
      ['GET', '/'],
      ['HEAD', '/Never'],
      ['HEAD', `/${'x'.repeat(5000)}`],
      ['HEAD', '/-%2Fspool'],
    ] as const) {
      const response = await anonymously(server.port, method, target)
      assert.deepStrictEqual([response.status, regionOf(response)], [403, undefined], target)
    }
  })

  test('tells the region also when the key is unknown or the signature wrong', async () => {
    const unknown = { credentials: { ...serverKey, accessKeyId: 'nobody', region: serverRegion } }
    const wrong = { credentials: { ...serverKey, secretAccessKey: 'x', region: serverRegion } }
    for (const context of [unknown, wrong]) {
      for (const method of ['HEAD', 'GET']) {
        const response = await exchange(server.port, { method, target: '/bkt', context })
        assert.deepStrictEqual([response.status, regionOf(response)], [403, serverRegion])
      }
      const missing = await exchange(server.port, { target: '/not-there', context })
      assert.deepStrictEqual([missing.status, regionOf(missing)], [403, undefined])
    }
  })

  test('for another region is 400 with the right one, in every way to sign', async () => {
    for (const region of ['eu-west-1', 'auto']) {
      const context = contextOf(region)
      const header = await exchange(server.port, { target: '/bkt/k', context })
      assert.equal(`${header.status} ${codeOf(header)}`, '400 AuthorizationHeaderMalformed')
      const query = await presigned(server.port, 'GET', region)
      assert.equal(`${query.status} ${codeOf(query)}`, '400 AuthorizationQueryParametersError')
      for (const response of [header, query]) {
        assert.match(response.body.toString(), /<Region>us-east-1<\/Region>/)
        assert.equal(regionOf(response), serverRegion)
      }
      // Without a document, the header is all that tells.
      const head = await exchange(server.port, { method: 'HEAD', target: '/bkt', context })
      assert.deepStrictEqual([head.status, regionOf(head)], [400, serverRegion])
      const posted = await form(server.port, region)
      assert.equal(`${posted.status} ${codeOf(posted)}`, '400 InvalidArgument')
      assert.match(posted.body.toString(), /expecting (&#39;|&apos;|')us-east-1/)
    }
  })

  test('tells the region to sign for, though the bucket was made when it was another', async () => {
    const { metadata } = server.stores
    const [tenant] = (await metadata.tenants.list({ limit: 1 })).tenants
    assert.ok(tenant !== undefined)
    const moved = { name: 'moved', region: 'before', createdMs: 1 }
    await metadata.buckets.create({ namespace: defaultNamespace, tenantId: tenant.id, ...moved })
    assert.equal(regionOf(await anonymously(server.port, 'HEAD', '/moved')), serverRegion)
  })
})

describe('on a bucket’s own host', (test) => {
  test('the bucket of a refused request is the host’s', async () => {
    const server = await startWithBucket({ domains: ['s3.test'] })
    const head = (host: string, target: string) =>
      exchangeBytes(server.port, `HEAD ${target} HTTP/1.1\r\nhost: ${host}\r\n\r\n`, 'HEAD')
    const there = await head('bkt.s3.test', '/')
    assert.deepStrictEqual([there.status, regionOf(there)], [403, serverRegion])
    const missing = await head('not-there.s3.test', '/bkt')
    assert.deepStrictEqual([missing.status, regionOf(missing)], [404, undefined])
    await server.stop()
  })
})

describe('a server that takes any region', (test) => {
  let server: RunningServer
  test.before(async () => {
    server = await startWithBucket({ anyRegion: true })
  })
  test.after(async () => {
    server.assertNoFailure()
    await server.stop()
  })

  test('opens to signatures for every one, in every way to sign', async () => {
    for (const region of ['us-east-1', 'eu-west-1', 'auto', 'garage']) {
      const context = contextOf(region)
      const body = `by ${region}`
      const put = { method: 'PUT', target: '/bkt/k', body, context }
      assert.equal((await exchange(server.port, put)).status, 200, region)
      assert.equal((await presigned(server.port, 'GET', region)).body.toString(), body)
      assert.equal((await form(server.port, region)).status, 204, region)
    }
  })

  test('makes buckets wherever they are asked for, and says that they are here', async () => {
    const body =
      '<CreateBucketConfiguration><LocationConstraint>eu-west-1</LocationConstraint></CreateBucketConfiguration>'
    const context = contextOf('eu-west-1')
    const put = { method: 'PUT', target: '/far', body, context }
    assert.equal((await exchange(server.port, put)).status, 200)
    const head = await exchange(server.port, { method: 'HEAD', target: '/far', context })
    assert.deepStrictEqual([head.status, regionOf(head)], [200, serverRegion])
    const listed = await exchange(server.port, { target: '/?bucket-region=eu-west-1', context })
    assert.match(listed.body.toString(), /<Name>far<\/Name>/)
  })

  test('still looks at everything else of a signature', async () => {
    const wrong = { credentials: { ...serverKey, secretAccessKey: 'x', region: 'eu-west-1' } }
    const response = await exchange(server.port, { target: '/bkt/k', context: wrong })
    assert.equal(`${response.status} ${codeOf(response)}`, '403 SignatureDoesNotMatch')
    // What was signed for one region and says another.
    const spoil = (head: string) => head.replace('/eu-west-1/', '/eu-west-2/')
    const context = contextOf('eu-west-1')
    const moved = await exchange(server.port, { target: '/bkt/k', context, spoil })
    assert.equal(`${moved.status} ${codeOf(moved)}`, '403 SignatureDoesNotMatch')
  })
})

describe('a tenant with a region of its own', (test) => {
  let server: RunningServer
  test.before(async () => {
    server = await startWithBucket()
  })
  test.after(async () => {
    server.assertNoFailure()
    await server.stop()
  })

  test('signs for it or for the server’s, and has its buckets there', async () => {
    const { tenantId, credentials } = await addTenant(server, 'far')
    const { tenants } = server.stores.metadata
    const tenant = await tenants.get(tenantId)
    assert.ok(tenant !== undefined)
    await tenants.update({ ...tenant, region: 'eu-far-1', revision: tenant.revision + 1 })
    const ask = (method: string, target: string, region: string, body?: string) =>
      exchange(server.port, {
        ...{ method, target, ...(body === undefined ? {} : { body }) },
        context: signingContext({ credentials: { ...credentials, region } }),
      })
    const made = await ask('PUT', '/far-bucket', 'eu-far-1', '')
    assert.equal(made.status, 200, made.body.toString())
    for (const region of ['eu-far-1', serverRegion]) {
      const head = await ask('HEAD', '/far-bucket', region)
      assert.deepEqual([head.status, regionOf(head)], [200, 'eu-far-1'])
    }
    const location = await ask('GET', '/far-bucket?location', 'eu-far-1')
    assert.match(location.body.toString(), />eu-far-1<\/LocationConstraint>/)
    const elsewhere = await ask('GET', '/far-bucket', 'eu-near-1')
    assert.equal(codeOf(elsewhere), 'AuthorizationHeaderMalformed')
    const constraint = (region: string) =>
      `<CreateBucketConfiguration><LocationConstraint>${region}</LocationConstraint></CreateBucketConfiguration>`
    assert.equal((await ask('PUT', '/far-2', 'eu-far-1', constraint('eu-far-1'))).status, 200)
    const refused = await ask('PUT', '/far-3', 'eu-far-1', constraint('eu-near-1'))
    assert.equal(codeOf(refused), 'IllegalLocationConstraintException')
    // Nobody else's signature may be for it.
    const root = await exchange(server.port, { target: '/bkt', context: contextOf('eu-far-1') })
    assert.equal(codeOf(root), 'AuthorizationHeaderMalformed')
  })
})
