// What bucket policies let whom do, asked of a server as clients ask it: PutBucketPolicy, GetBucketPolicy,
// GetBucketPolicyStatus, DeleteBucketPolicy, PutPublicAccessBlock, GetPublicAccessBlock, DeletePublicAccessBlock.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { accountId, ownerId } from '../../gateway/access/owner.ts'
import { describe } from '../support/describe.ts'
import { type AnotherTenant, addTenant } from '../support/more-tenants.ts'
import type { RawResponse } from '../support/raw-connection.ts'
import { RunningServer } from '../support/start-server.ts'
import {
  codeOf,
  exchange,
  exchangeBytes,
  signingContext,
  type WireRequest,
} from '../support/wire-request.ts'

type Statement = Readonly<Record<string, unknown>>

const openBlock = (members: Readonly<Record<string, boolean>>) =>
  `<PublicAccessBlockConfiguration>${Object.entries(members)
    .map(([name, value]) => `<${name}>${value}</${name}>`)
    .join('')}</PublicAccessBlockConfiguration>`

describe('bucket policies', (test) => {
  let server: RunningServer
  let other: AnotherTenant
  let buckets = 0
  test.before(async () => {
    server = await RunningServer.start()
    other = await addTenant(server, 'other')
  })
  test.after(async () => {
    server.assertNoFailure()
    await server.stop()
  })

  const answer = (response: RawResponse) =>
    response.status < 300 ? String(response.status) : `${response.status} ${codeOf(response)}`
  const send = async (request: WireRequest) => answer(await exchange(server.port, request))
  const sure = async (request: WireRequest) => {
    const response = await exchange(server.port, request)
    assert.ok(response.status < 300, `${request.target}: ${answer(response)}`)
    return response.body.toString()
  }
  const asOther = (request: WireRequest) =>
    send({ ...request, context: signingContext({ credentials: other.credentials }) })
  const anonymously = async (method: string, target: string, lines: readonly string[] = []) => {
    const head = [`${method} ${target} HTTP/1.1`, 'host: s3.test', ...lines].join('\r\n')
    return answer(await exchangeBytes(server.port, `${head}\r\n\r\n`, method))
  }

  /** With the objects `a/1`, `a/2` and `b/1`. */
  const makeBucket = async ({ open = true } = {}) => {
    buckets += 1
    const name = `policies-${buckets}`
    await sure({ method: 'PUT', target: `/${name}` })
    if (open) await sure({ method: 'DELETE', target: `/${name}?publicAccessBlock` })
    for (const key of ['a/1', 'a/2', 'b/1']) {
      await sure({ method: 'PUT', target: `/${name}/${key}`, body: key })
    }
    return name
  }
  const putting = (bucket: string, ...statements: readonly Statement[]): WireRequest => ({
    ...{ method: 'PUT', target: `/${bucket}?policy` },
    body: JSON.stringify({ Version: '2012-10-17', Statement: statements }),
  })
  const allow = (bucket: string, more: Statement = {}): Statement => ({
    ...{ Effect: 'Allow', Principal: '*', Action: 's3:GetObject' },
    ...{ Resource: `arn:aws:s3:::${bucket}/*`, ...more },
  })

  test('what is public is read by everybody, from when it is put to when it is deleted', async () => {
    const bucket = await makeBucket()
    assert.equal(await anonymously('GET', `/${bucket}/a/1`), '403 AccessDenied')
    await sure(putting(bucket, allow(bucket, { Resource: `arn:aws:s3:::${bucket}/a/*` })))
    assert.equal(await anonymously('GET', `/${bucket}/a/1`), '200')
    assert.equal(await anonymously('HEAD', `/${bucket}/a/2`), '200')
    assert.equal(await anonymously('GET', `/${bucket}/b/1`), '403 AccessDenied')
    // Who may not list hears of no key whether it is there.
    assert.equal(await anonymously('GET', `/${bucket}/a/none`), '403 AccessDenied')
    assert.equal(await anonymously('GET', `/${bucket}`), '403 AccessDenied')
    assert.equal(await anonymously('DELETE', `/${bucket}/a/1`), '403 AccessDenied')
    await sure({ method: 'DELETE', target: `/${bucket}?policy` })
    assert.equal(await anonymously('GET', `/${bucket}/a/1`), '403 AccessDenied')
  })

  test('it is given back as it was put, and told whether it is public', async () => {
    const bucket = await makeBucket()
    const none = '404 NoSuchBucketPolicy'
    for (const query of ['policy', 'policyStatus']) {
      assert.equal(await send({ target: `/${bucket}?${query}` }), none)
    }
    const body = `\n${JSON.stringify({ Statement: [allow(bucket)], Version: '2012-10-17' })} `
    await sure({ method: 'PUT', target: `/${bucket}?policy`, body })
    assert.equal(await sure({ target: `/${bucket}?policy` }), body)
    const isPublic = async () =>
      /<IsPublic>(\w+)<\/IsPublic>/.exec(await sure({ target: `/${bucket}?policyStatus` }))?.[1]
    assert.equal(await isPublic(), 'true')
    const here = { IpAddress: { 'aws:SourceIp': '127.0.0.0/8' } }
    await sure(putting(bucket, allow(bucket, { Condition: here })))
    assert.equal(await isPublic(), 'false')
    for (let time = 0; time < 2; time += 1) {
      await sure({ method: 'DELETE', target: `/${bucket}?policy` })
    }
    assert.equal(await send({ target: `/${bucket}?policy` }), none)
  })

  test('one that is none is refused, with what is wrong and where, and the one before stays', async () => {
    const bucket = await makeBucket()
    await sure(putting(bucket, allow(bucket)))
    const put = (body: string) => exchange(server.port, { ...putting(bucket), body })
    const wrong = [
      ['', /first byte must be/],
      ['[]', /first byte must be/],
      ['{"Version":"2012-10-17","Statement":[]}', /Statement/],
      [JSON.stringify({ Statement: allow('another') }), /invalid resource/],
      [
        JSON.stringify({ Statement: allow(bucket, { Action: 's3:NoSuchThing' }) }),
        /invalid action/,
      ],
      [JSON.stringify({ Statement: allow(bucket, { Principal: { AWS: 'x' } }) }), /principal/],
      [JSON.stringify({ Statement: allow(bucket, { Sid: 'x'.repeat(21_000) }) }), /maximum/],
    ] as const
    for (const [body, message] of wrong) {
      const refused = await put(body)
      assert.equal(answer(refused), '400 MalformedPolicy', body.slice(0, 80))
      assert.match(refused.body.toString(), message, body.slice(0, 80))
    }
    assert.equal(answer(await put('x'.repeat(200_000))), '400 MaxMessageLengthExceeded')
    assert.equal(await anonymously('GET', `/${bucket}/a/1`), '200')
  })

  test('a denial holds for the owner too, who can always change the policy', async () => {
    const bucket = await makeBucket()
    const all = [`arn:aws:s3:::${bucket}`, `arn:aws:s3:::${bucket}/*`]
    await sure(putting(bucket, allow(bucket, { Effect: 'Deny', Action: 's3:*', Resource: all })))
    const denied = '403 AccessDenied'
    assert.equal(await send({ target: `/${bucket}/a/1` }), denied)
    assert.equal(await send({ target: `/${bucket}?list-type=2` }), denied)
    assert.equal(await send({ method: 'PUT', target: `/${bucket}/new`, body: '' }), denied)
    assert.equal(await send({ method: 'DELETE', target: `/${bucket}?publicAccessBlock` }), denied)
    await sure({ target: `/${bucket}?policy` })
    await sure({ method: 'DELETE', target: `/${bucket}?policy` })
    assert.equal(await send({ target: `/${bucket}/a/1` }), '200')
  })

  test('each key of many is asked for by itself, and an archive is refused that would lack some', async () => {
    const bucket = await makeBucket()
    const actions = ['s3:DeleteObject', 's3:GetObject']
    const b = { Action: actions, Resource: `arn:aws:s3:::${bucket}/b/*` }
    await sure(putting(bucket, allow(bucket, { Effect: 'Deny', ...b })))
    assert.ok((await sure({ target: `/${bucket}/a/?zip` })).includes('a/1'))
    assert.equal(await send({ target: `/${bucket}?zip` }), '403 AccessDenied')
    const named = ['a/1', 'b/1'].map((key) => `<Object><Key>${key}</Key></Object>`)
    const body = `<Delete>${named.join('')}</Delete>`
    const headers = { 'content-md5': createHash('md5').update(body).digest('base64') }
    const deleted = await sure({ method: 'POST', target: `/${bucket}?delete`, body, headers })
    assert.match(deleted, /<Deleted><Key>a\/1<\/Key><\/Deleted>/)
    assert.match(deleted, /<Error><Key>b\/1<\/Key><Code>AccessDenied<\/Code>/)
  })

  test('another tenant is let in by its account, its root user or its canonical id, and reads no policy', async () => {
    const id = accountId(other.tenantId)
    const names = [
      { AWS: id },
      { AWS: [`arn:aws:iam::${id}:root`] },
      { CanonicalUser: ownerId(other.tenantId) },
    ]
    for (const Principal of names) {
      const bucket = await makeBucket()
      assert.equal(await asOther({ target: `/${bucket}/a/1` }), '403 AccessDenied')
      const all = [`arn:aws:s3:::${bucket}`, `arn:aws:s3:::${bucket}/*`]
      const Action = ['s3:GetObject', 's3:PutObject', 's3:GetBucketPolicy', 's3:DeleteBucketPolicy']
      await sure(putting(bucket, allow(bucket, { Principal, Action, Resource: all })))
      assert.equal(await asOther({ target: `/${bucket}/a/1` }), '200')
      const copy = { 'x-amz-copy-source': `/${bucket}/a/1` }
      const target = `/${bucket}/theirs`
      assert.equal(await asOther({ method: 'PUT', target, headers: copy }), '200')
      assert.equal(await asOther({ method: 'DELETE', target }), '403 AccessDenied')
      assert.equal(await anonymously('GET', `/${bucket}/a/1`), '403 AccessDenied')
      for (const method of ['GET', 'DELETE']) {
        const refused = await asOther({ method, target: `/${bucket}?policy` })
        assert.equal(refused, '405 MethodNotAllowed')
      }
      // What was written belongs to the bucket's owner.
      assert.equal(await sure({ target }), 'a/1')
    }
  })

  test('conditions are about the request: who lists what, how it came, and what it brings', async () => {
    const bucket = await makeBucket()
    const list = (condition: Statement) =>
      allow(bucket, {
        ...{ Action: 's3:ListBucket', Resource: `arn:aws:s3:::${bucket}`, Condition: condition },
      })
    const get = (condition: Statement) => allow(bucket, { Condition: condition })
    const only = async (statement: Statement) => sure(putting(bucket, statement))
    const denied = '403 AccessDenied'

    await only(list({ StringEquals: { 's3:prefix': ['', 'a/'], 's3:delimiter': '/' } }))
    assert.equal(await anonymously('GET', `/${bucket}?prefix=a/&delimiter=/`), '200')
    assert.equal(await anonymously('GET', `/${bucket}?list-type=2&delimiter=/`), '200')
    assert.equal(await anonymously('GET', `/${bucket}?prefix=b/&delimiter=/`), denied)
    assert.equal(await anonymously('GET', `/${bucket}?prefix=a/`), denied)
    await only(list({ NumericLessThanEquals: { 's3:max-keys': '10' } }))
    assert.equal(await anonymously('GET', `/${bucket}?max-keys=10`), '200')
    assert.equal(await anonymously('GET', `/${bucket}?max-keys=11`), denied)
    assert.equal(await anonymously('GET', `/${bucket}`), denied)

    await only(get({ StringLike: { 'aws:Referer': 'https://example.org/*' } }))
    const from = (page: string) => [`referer: https://${page}`]
    assert.equal(await anonymously('GET', `/${bucket}/a/1`, from('example.org/x')), '200')
    assert.equal(await anonymously('GET', `/${bucket}/a/1`, from('example.com/x')), denied)
    assert.equal(await anonymously('GET', `/${bucket}/a/1`), denied)

    for (const [range, expected] of [
      ['127.0.0.0/8', '200'],
      ['10.0.0.0/8', denied],
    ] as const) {
      await only(get({ IpAddress: { 'aws:SourceIp': range } }))
      assert.equal(await anonymously('GET', `/${bucket}/a/1`), expected)
    }
    await only(get({ Bool: { 'aws:SecureTransport': 'true' } }))
    assert.equal(await anonymously('GET', `/${bucket}/a/1`), denied)

    const until = (time: string) => get({ DateLessThan: { 'aws:CurrentTime': time } })
    await only(until('2999-01-01T00:00:00Z'))
    assert.equal(await anonymously('GET', `/${bucket}/a/1`), '200')
    await only(until('2020-01-01T00:00:00Z'))
    assert.equal(await anonymously('GET', `/${bucket}/a/1`), denied)
  })

  test('uploads are refused that lack a header, or bring other tags than the policy wants', async () => {
    const bucket = await makeBucket()
    const put = (headers: Readonly<Record<string, string>>) =>
      send({ method: 'PUT', target: `/${bucket}/new`, body: '', headers })
    const deny = (condition: Statement) =>
      allow(bucket, { Effect: 'Deny', Action: 's3:PutObject', Condition: condition })
    await sure(
      putting(
        bucket,
        deny({ Null: { 's3:x-amz-server-side-encryption': 'true' } }),
        deny({ StringNotEquals: { 's3:RequestObjectTag/team': ['red', 'blue'] } }),
      ),
    )
    const encrypted = { 'x-amz-server-side-encryption': 'AES256' }
    assert.equal(await put(encrypted), '403 AccessDenied')
    assert.equal(await put({ 'x-amz-tagging': 'team=red' }), '403 AccessDenied')
    assert.equal(await put({ ...encrypted, 'x-amz-tagging': 'team=green' }), '403 AccessDenied')
    assert.equal(await put({ ...encrypted, 'x-amz-tagging': 'team=red' }), '200')
  })

  test('an object is opened by the tags that it has', async () => {
    const bucket = await makeBucket()
    const Condition = { StringEquals: { 's3:ExistingObjectTag/Open': 'yes' } }
    await sure(putting(bucket, allow(bucket, { Condition })))
    const tag = (value: string) => ({
      ...{ method: 'PUT', target: `/${bucket}/a/1?tagging` },
      body: `<Tagging><TagSet><Tag><Key>Open</Key><Value>${value}</Value></Tag></TagSet></Tagging>`,
    })
    assert.equal(await anonymously('GET', `/${bucket}/a/1`), '403 AccessDenied')
    await sure(tag('yes'))
    assert.equal(await anonymously('GET', `/${bucket}/a/1`), '200')
    assert.equal(await anonymously('GET', `/${bucket}/a/2`), '403 AccessDenied')
    await sure(tag('no'))
    assert.equal(await anonymously('GET', `/${bucket}/a/1`), '403 AccessDenied')
  })

  test('a version is opened by its own tags, wherever it is named', async () => {
    const bucket = await makeBucket()
    await sure({
      ...{ method: 'PUT', target: `/${bucket}?versioning` },
      body: '<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>',
    })
    const put = async (tag: string) => {
      const headers = { 'x-amz-tagging': `open=${tag}` }
      const request = { method: 'PUT', target: `/${bucket}/v`, body: tag, headers }
      const { headers: answered } = await exchange(server.port, request)
      return answered.get('x-amz-version-id') ?? ''
    }
    const closed = await put('no')
    const open = await put('yes')
    await put('no')
    const Action = ['s3:GetObject*', 's3:DeleteObjectVersion', 's3:PutObject*']
    const Condition = { StringEqualsIfExists: { 's3:ExistingObjectTag/open': 'yes' } }
    await sure(putting(bucket, allow(bucket, { Action, Condition })))
    const denied = '403 AccessDenied'
    assert.equal(await anonymously('GET', `/${bucket}/v`), denied)
    assert.equal(await anonymously('GET', `/${bucket}/v?versionId=${open}`), '200')
    assert.equal(await anonymously('GET', `/${bucket}/v?versionId=${closed}`), denied)
    const copy = (version: string) =>
      asOther({
        ...{ method: 'PUT', target: `/${bucket}/copied` },
        headers: { 'x-amz-copy-source': `/${bucket}/v?versionId=${version}` },
      })
    assert.equal(await copy(closed), denied)
    assert.equal(await copy(open), '200')
    const named = [closed, open].map(
      (version) => `<Object><Key>v</Key><VersionId>${version}</VersionId></Object>`,
    )
    const body = `<Delete>${named.join('')}</Delete>`
    const headers = { 'content-md5': createHash('md5').update(body).digest('base64') }
    const context = signingContext({ credentials: other.credentials })
    const request = { method: 'POST', target: `/${bucket}?delete`, body, headers, context }
    const deleted = (await exchange(server.port, request)).body.toString()
    assert.match(deleted, new RegExp(`<Deleted><Key>v</Key><VersionId>${open}<`))
    assert.match(
      deleted,
      new RegExp(`<Error><Key>v</Key><VersionId>${closed}</VersionId><Code>AccessDenied<`),
    )
  })

  test('new buckets block public access: a public policy is refused, and others are not', async () => {
    const bucket = await makeBucket({ open: false })
    const block = await sure({ target: `/${bucket}?publicAccessBlock` })
    assert.equal(block.match(/>true</g)?.length, 4)
    assert.equal(await send(putting(bucket, allow(bucket))), '403 AccessDenied')
    const Principal = { AWS: accountId(other.tenantId) }
    await sure(putting(bucket, allow(bucket, { Principal })))
    assert.equal(await asOther({ target: `/${bucket}/a/1` }), '200')
    await sure({ method: 'DELETE', target: `/${bucket}?publicAccessBlock` })
    assert.equal(
      await send({ target: `/${bucket}?publicAccessBlock` }),
      '404 NoSuchPublicAccessBlockConfiguration',
    )
    await sure(putting(bucket, allow(bucket)))
    assert.equal(await anonymously('GET', `/${bucket}/a/1`), '200')
  })

  test('RestrictPublicBuckets leaves a public policy to the account of the owner', async () => {
    const bucket = await makeBucket()
    const Principal = { AWS: accountId(other.tenantId) }
    await sure(putting(bucket, allow(bucket), allow(bucket, { Principal })))
    const target = `/${bucket}?publicAccessBlock`
    await sure({ method: 'PUT', target, body: openBlock({ RestrictPublicBuckets: true }) })
    assert.equal(await anonymously('GET', `/${bucket}/a/1`), '403 AccessDenied')
    assert.equal(await asOther({ target: `/${bucket}/a/1` }), '403 AccessDenied')
    assert.equal(await send({ target: `/${bucket}/a/1` }), '200')
    await sure({ method: 'PUT', target, body: openBlock({ BlockPublicPolicy: true }) })
    assert.equal(await anonymously('GET', `/${bucket}/a/1`), '200')
    assert.equal(await asOther({ target: `/${bucket}/a/1` }), '200')
  })

  test('what blocks public access is read as it is documented', async () => {
    const bucket = await makeBucket()
    const put = (body: string) =>
      send({ method: 'PUT', target: `/${bucket}?publicAccessBlock`, body })
    assert.equal(await put(openBlock({})), '400 InvalidRequest')
    assert.equal(await put(''), '400 MissingRequestBodyError')
    assert.equal(await put(openBlock({ BlockEverything: true })), '400 MalformedXML')
    assert.equal(
      await put(openBlock({ BlockPublicAcls: true }).replace('true', 'perhaps')),
      '400 MalformedXML',
    )
    assert.equal(await put(openBlock({ IgnorePublicAcls: true }).replace('true', 'TRUE')), '200')
    const block = await sure({ target: `/${bucket}?publicAccessBlock` })
    assert.match(
      block,
      /<BlockPublicAcls>false<\/BlockPublicAcls><IgnorePublicAcls>true<\/IgnorePublicAcls><BlockPublicPolicy>false<\/BlockPublicPolicy><RestrictPublicBuckets>false<\/RestrictPublicBuckets>/,
    )
  })
})

describe('a server whose new buckets are open', (test) => {
  test('takes a public policy at once', async () => {
    const server = await RunningServer.start({ blockPublicAccess: false })
    try {
      await exchange(server.port, { method: 'PUT', target: '/open' })
      const missing = await exchange(server.port, { target: '/open?publicAccessBlock' })
      assert.equal(codeOf(missing), 'NoSuchPublicAccessBlockConfiguration')
      const body = JSON.stringify({
        Statement: {
          ...{ Effect: 'Allow', Principal: '*', Action: 's3:ListBucket' },
          Resource: 'arn:aws:s3:::open',
        },
      })
      const put = await exchange(server.port, { method: 'PUT', target: '/open?policy', body })
      assert.equal(put.status, 204)
      const listed = await exchangeBytes(
        server.port,
        'GET /open HTTP/1.1\r\nhost: s3.test\r\n\r\n',
        'GET',
      )
      assert.equal(listed.status, 200)
    } finally {
      await server.stop()
    }
  })
})
