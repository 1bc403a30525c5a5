// Requests of IAM and STS as they come to the S3 port: how they are told from S3's, signed, and refused.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { rootTenantId } from '../../gateway/access/identity.ts'
import { accountId } from '../../gateway/access/owner.ts'
import { presignUrl, signRequest } from '../../protocol/s3/sigv4/sign-request.ts'
import { SigningKeyCache } from '../../protocol/s3/sigv4/signing-keys.ts'
import { describe } from '../support/describe.ts'
import { putUser } from '../support/identities.ts'
import { askQuery, elementIn, type QueryRequest } from '../support/query-client.ts'
import type { RawResponse } from '../support/raw-connection.ts'
import { RunningServer, serverKey, serverRegion } from '../support/start-server.ts'
import { exchangeBytes } from '../support/wire-request.ts'

const root = { ...serverKey, region: serverRegion }
const account = accountId(rootTenantId)
const whole = 'Action=GetCallerIdentity&Version=2011-06-15'
const signingKeys = new SigningKeyCache({ entriesMax: 10 })

describe('the query protocol', (test) => {
  let server: RunningServer
  test.before(async () => {
    server = await RunningServer.start()
  })
  test.after(async () => {
    server.assertNoFailure()
    await server.stop()
  })

  const whoAmI = (more: Partial<QueryRequest> = {}) =>
    askQuery(server.port, {
      ...{ service: 'sts', action: 'GetCallerIdentity', credentials: root, ...more },
    })
  const outcome = (response: RawResponse) => `${response.status} ${elementIn(response, 'Code')}`
  /** A form as it is, signed for that service. */
  const post = (body: Buffer, service: 'iam' | 'sts' | 's3' = 'sts', sent: Buffer = body) => {
    const { headers } = signRequest(
      {
        ...{ method: 'POST', target: '/' },
        headers: {
          host: 's3.test',
          'content-type': 'application/x-www-form-urlencoded',
          'content-length': String(body.length),
        },
        payloadHash: createHash('sha256').update(body).digest('hex'),
      },
      { credentials: root, signingKeys, nowMs: Date.now(), service },
    )
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
    const head = Buffer.from(`POST / HTTP/1.1\r\n${lines.join('')}\r\n`)
    return exchangeBytes(server.port, Buffer.concat([head, sent]), 'POST')
  }

  test('tells who has signed: the root user, a user', async () => {
    const response = await whoAmI()
    assert.equal(response.status, 200, response.body.toString())
    assert.equal(response.headers.get('content-type'), 'text/xml')
    assert.equal(elementIn(response, 'Arn'), `arn:aws:iam::${account}:root`)
    assert.equal(elementIn(response, 'UserId'), account)
    assert.equal(elementIn(response, 'Account'), account)
    assert.equal(elementIn(response, 'RequestId'), response.headers.get('x-amz-request-id'))
    const ann = await whoAmI({ credentials: await putUser(server, 'Ann') })
    assert.equal(elementIn(ann, 'Arn'), `arn:aws:iam::${account}:user/Ann`)
    assert.match(elementIn(ann, 'UserId') ?? '', /^AIDA[A-Z2-7]{16}$/)
  })

  test('takes any region, and no other service’s signature', async () => {
    const region = 'eu-north-7'
    assert.equal((await whoAmI({ credentials: { ...root, region } })).status, 200)
    const body = Buffer.from(whole)
    assert.equal(outcome(await post(body, 's3')), '400 IncompleteSignature')
    assert.equal(outcome(await post(body, 'iam')), '400 IncompleteSignature')
    assert.equal((await post(body)).status, 200)
  })

  test('refuses unknown keys, wrong secrets and unsigned requests in its own words', async () => {
    const unknown = { ...root, accessKeyId: 'AKIANOBODYNOBODY' }
    assert.equal(outcome(await whoAmI({ credentials: unknown })), '403 InvalidClientTokenId')
    const forged = { ...root, secretAccessKey: 'wrong' }
    assert.equal(outcome(await whoAmI({ credentials: forged })), '403 SignatureDoesNotMatch')
    const unsigned = { service: 'sts', action: 'GetCallerIdentity' } as const
    assert.equal(outcome(await askQuery(server.port, unsigned)), '403 MissingAuthenticationToken')
  })

  test('a body other than the signed one opens nothing', async () => {
    const told = await post(Buffer.from(`${whole}&x=1`), 'sts', Buffer.from(`${whole}&x=2`))
    assert.equal(outcome(told), '403 SignatureDoesNotMatch')
  })

  test('a URL that was presigned for STS tells whose key has signed it', async () => {
    const ask = async (target: string) =>
      exchangeBytes(server.port, `GET ${target} HTTP/1.1\r\nhost: s3.test\r\n\r\n`)
    const url = presignUrl(
      {
        ...{ method: 'GET', origin: 'http://s3.test', path: '/', expiresSeconds: 60 },
        query: { Action: 'GetCallerIdentity', Version: '2011-06-15' },
      },
      {
        ...{ credentials: root, signingKeys, nowMs: Date.now(), service: 'sts' },
        payloadHash: createHash('sha256').digest('hex'),
      },
    )
    const target = url.slice('http://s3.test'.length)
    const response = await ask(target)
    assert.equal(
      elementIn(response, 'Arn'),
      `arn:aws:iam::${account}:root`,
      response.body.toString(),
    )
    assert.equal(outcome(await ask(target.replace('60', '61'))), '403 SignatureDoesNotMatch')
    assert.equal(
      outcome(await ask('/?Action=GetCallerIdentity&Version=2011-06-15')),
      '403 MissingAuthenticationToken',
    )
  })

  test('repeats little of what it does not know', async () => {
    const answer = await askQuery(server.port, { service: 'iam', action: 'A'.repeat(400_000) })
    assert.equal(elementIn(answer, 'Code'), 'InvalidAction')
    assert.ok(answer.body.length < 1_000, String(answer.body.length))
  })

  test('refuses what it does not know, and forms that are none', async () => {
    const cases: readonly (readonly [string, string])[] = [
      ['Version=2011-06-15', '400 MissingAction'],
      ['Action=Fly&Version=2011-06-15', '400 InvalidAction'],
      ['Action=GetCallerIdentity', '400 InvalidAction'],
      ['Action=GetCallerIdentity&Version=2010-05-08', '400 InvalidAction'],
      ['Action=constructor&Version=2011-06-15', '400 InvalidAction'],
      ['Action=__proto__&Version=2011-06-15', '400 InvalidAction'],
      [
        'Action=GetCallerIdentity&Action=GetCallerIdentity&Version=2011-06-15',
        '404 MalformedQueryString',
      ],
      ['Action=%ff&Version=2011-06-15', '404 MalformedQueryString'],
      [
        `Action=GetCallerIdentity&Version=2011-06-15&${'a=&'.repeat(2)}`,
        '404 MalformedQueryString',
      ],
    ]
    for (const [body, expected] of cases) {
      assert.equal(outcome(await post(Buffer.from(body))), expected, body)
    }
    const many = Array.from({ length: 6_000 }, (_, at) => `p${at}=1`).join('&')
    const told = await post(Buffer.from(`Action=GetCallerIdentity&Version=2011-06-15&${many}`))
    assert.equal(outcome(told), '404 MalformedQueryString')
  })

  test('a body that is too long is refused, and the server goes on', async () => {
    const told = await post(Buffer.alloc(600 * 1024, 'a'))
    assert.equal(outcome(told), '400 ValidationError')
    assert.equal((await whoAmI()).status, 200)
  })

  test('a form that is posted to a bucket is a form upload still', async () => {
    const body = Buffer.from('a=b')
    const head = `POST /bucket HTTP/1.1\r\nhost: s3.test\r\ncontent-type: application/x-www-form-urlencoded\r\ncontent-length: 3\r\n\r\n`
    const response = await exchangeBytes(
      server.port,
      Buffer.concat([Buffer.from(head), body]),
      'POST',
    )
    assert.notEqual(elementIn(response, 'Code'), undefined)
    assert.doesNotMatch(response.body.toString(), /ErrorResponse/)
  })
})
