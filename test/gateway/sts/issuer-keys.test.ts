// When keys of issuers are fetched, from where, and how much of it.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer, type RequestListener, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { exportJWK, generateKeyPair, jwtVerify } from 'jose'
import { IssuerKeys } from '../../../gateway/sts/oidc/issuer-keys.ts'
import { issuerRules } from '../../../gateway/sts/oidc/issuer-rules.ts'
import { parseTenantId } from '../../../metadata/record-ids.ts'
import { makeCertificates } from '../../support/certificates.ts'
import { describe } from '../../support/describe.ts'
import { OidcIssuer } from '../../support/oidc-issuer.ts'

const [first, second] = ['111111111111', '222222222222'].map((id) => {
  const tenantId = parseTenantId(id)
  assert.ok(tenantId !== undefined)
  return tenantId
})
assert.ok(first !== undefined && second !== undefined)
const onThisMachine = issuerRules({ issuers: 'public', http: true })

type Answer = (response: ServerResponse, issuer: string) => void

/** Answers by path; all else is 404. */
async function serve(
  answers: Readonly<Record<string, Answer>>,
  tls?: { readonly cert: Buffer; readonly key: Buffer },
) {
  const asked: string[] = []
  const answerTo: RequestListener = (request, response) => {
    asked.push(request.url ?? '')
    const answer = answers[request.url ?? '']
    if (answer === undefined) response.writeHead(404).end()
    else answer(response, issuer())
  }
  const server = tls === undefined ? createServer(answerTo) : createTlsServer(tls, answerTo)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  assert.ok(address !== null && typeof address === 'object')
  const scheme = tls === undefined ? 'http' : 'https'
  const issuer = () => `${scheme}://127.0.0.1:${address.port}`
  const close = () => {
    server.close()
    server.closeAllConnections()
  }
  return { issuer: issuer(), asked, close }
}

const discovery = '/.well-known/openid-configuration'
const json = (document: unknown): Answer => {
  return (response) => response.end(JSON.stringify(document))
}
const discovered = (changes: object = {}): Answer => {
  return (response, issuer) =>
    response.end(JSON.stringify({ issuer, jwks_uri: `${issuer}/keys`, ...changes }))
}

describe('keys of issuers', (test) => {
  test('are fetched again when they are old, and a new one at most every half minute', async () => {
    const issuer = await OidcIssuer.start()
    let nowMs = 0
    const keys = new IssuerKeys({ rules: onThisMachine, clock: () => nowMs })
    const fetches = () => issuer.asked.filter((url) => url.includes('openid')).length
    const find = (keyId?: string) => keys.find({ issuer: issuer.issuer, tenantId: first, keyId })
    try {
      assert.strictEqual((await find('key-1')).is, 'keys')
      nowMs += 599_000
      await find('key-1')
      assert.strictEqual(fetches(), 1)
      nowMs += 2_000
      await find('key-1')
      assert.strictEqual(fetches(), 2)
      await issuer.renewKeys()
      nowMs += 29_000
      await find('key-2')
      assert.strictEqual(fetches(), 2)
      nowMs += 2_000
      const found = await find('key-2')
      assert.strictEqual(fetches(), 3)
      assert.ok(found.is === 'keys')
      const token = await issuer.token({ sub: 'x' })
      assert.strictEqual((await jwtVerify(token, found.keys)).payload.sub, 'x')
    } finally {
      await issuer.stop()
    }
  })

  test('are good for an hour when their issuer does not answer, who is then left alone for a moment', async () => {
    const issuer = await OidcIssuer.start()
    let nowMs = 0
    const keys = new IssuerKeys({ rules: onThisMachine, clock: () => nowMs })
    const find = async () =>
      (await keys.find({ issuer: issuer.issuer, tenantId: first, keyId: 'key-1' })).is
    assert.strictEqual(await find(), 'keys')
    await issuer.stop()
    nowMs += 3_500_000
    assert.strictEqual(await find(), 'keys')
    nowMs += 100_001
    assert.strictEqual(await find(), 'unreachable')
    await issuer.renewKeys()
    try {
      assert.strictEqual(await find(), 'unreachable')
      nowMs += 5_001
      assert.strictEqual(await find(), 'keys')
    } finally {
      await issuer.stop()
    }
  })

  test('are fetched once by many who ask at once', async () => {
    const issuer = await OidcIssuer.start()
    const keys = new IssuerKeys({ rules: onThisMachine, clock: () => 0 })
    try {
      const wanted = { issuer: issuer.issuer, tenantId: first, keyId: 'key-1' }
      const found = await Promise.all(Array.from({ length: 20 }, () => keys.find(wanted)))
      assert.ok(found.every(({ is }) => is === 'keys'))
      assert.strictEqual(issuer.asked.length, 2)
    } finally {
      await issuer.stop()
    }
  })

  test('are taken from nobody who redirects, is another one, answers too much or no keys', async () => {
    const { publicKey } = await generateKeyPair('RS256')
    const good = await exportJWK(publicKey)
    const keysAt = (answer: Answer) => ({ [discovery]: discovered(), '/keys': answer })
    const cases: readonly (readonly [string, Readonly<Record<string, Answer>>, string])[] = [
      ['good', keysAt(json({ keys: [good] })), 'keys'],
      [
        'redirected',
        {
          [discovery]: (response) => response.writeHead(302, { location: '/elsewhere' }).end(),
          '/elsewhere': discovered(),
          '/keys': json({ keys: [good] }),
        },
        'unreachable',
      ],
      [
        'of another one',
        {
          [discovery]: discovered({ issuer: 'https://example.org' }),
          '/keys': json({ keys: [good] }),
        },
        'unreachable',
      ],
      ['elsewhere', { [discovery]: discovered({ jwks_uri: 'file:///etc/passwd' }) }, 'unreachable'],
      ['no URL', { [discovery]: discovered({ jwks_uri: 7 }) }, 'unreachable'],
      [
        'with a password',
        { [discovery]: discovered({ jwks_uri: 'http://a:b@127.0.0.1/' }) },
        'unreachable',
      ],
      ['no JSON', keysAt((response) => response.end('{')), 'unreachable'],
      ['no object', keysAt(json([good])), 'unreachable'],
      ['without keys', keysAt(json({ keys: [] })), 'unreachable'],
      ['secret keys', keysAt(json({ keys: [{ kty: 'oct', k: 'AAAA' }] })), 'unreachable'],
      ['odd keys', keysAt(json({ keys: [null, 7, [], { ...good, e: 7 }, {}] })), 'unreachable'],
      [
        'with much that nobody asks for',
        keysAt((response) => {
          const { n, e } = good
          const nested = `${'['.repeat(50_000)}${']'.repeat(50_000)}`
          response.end(`{"keys":[{"kty":"RSA","n":"${n}","e":"${e}","x5c":${nested}}]}`)
        }),
        'keys',
      ],
      ['huge keys', keysAt(json({ keys: [{ ...good, n: 'A'.repeat(3000) }] })), 'unreachable'],
      ['long', keysAt(json({ keys: [good], x: 'x'.repeat(200_000) })), 'unreachable'],
      ['refused', keysAt((response) => response.writeHead(500).end('{}')), 'unreachable'],
    ]
    for (const [name, answers, expected] of cases) {
      const server = await serve(answers)
      const keys = new IssuerKeys({ rules: onThisMachine, clock: () => 0 })
      const found = await keys.find({ issuer: server.issuer, tenantId: first, keyId: undefined })
      server.close()
      assert.strictEqual(found.is, expected, name)
    }
  })

  test('are asked for nowhere without TLS, and on no address of this network, unless an operator says so', async () => {
    const { publicKey } = await generateKeyPair('RS256')
    const keys = [await exportJWK(publicKey)]
    const server = await serve({ [discovery]: discovered(), '/keys': json({ keys }) })
    const find = async (settings: Parameters<typeof issuerRules>[0], issuer = server.issuer) => {
      const issuerKeys = new IssuerKeys({ rules: issuerRules(settings), clock: () => 0 })
      return (await issuerKeys.find({ issuer, tenantId: first, keyId: undefined })).is
    }
    try {
      assert.strictEqual(await find({ issuers: 'public', http: true }), 'keys')
      const before = server.asked.length
      assert.strictEqual(await find({ issuers: 'public', http: false }), 'unreachable')
      assert.strictEqual(await find({ issuers: 'any', http: false }), 'unreachable')
      assert.strictEqual(await find({ issuers: 'off', http: true }), 'unreachable')
      const overTls = server.issuer.replace('http:', 'https:')
      assert.strictEqual(await find({ issuers: 'public', http: true }, overTls), 'unreachable')
      const local = overTls.replace('127.0.0.1', 'localhost')
      assert.strictEqual(await find({ issuers: 'public', http: true }, local), 'unreachable')
      assert.strictEqual(server.asked.length, before)
    } finally {
      server.close()
    }
  })

  test('come over TLS from this network, where an operator says so, by an authority of his', async () => {
    const certificates = await makeCertificates()
    const cert = readFileSync(certificates.server.certificate)
    const key = readFileSync(certificates.server.key)
    const ca = readFileSync(certificates.authority, 'utf8')
    await certificates.discard()
    const { publicKey } = await generateKeyPair('ES256')
    const keys = [await exportJWK(publicKey)]
    const answers = { [discovery]: discovered(), '/keys': json({ keys }) }
    const server = await serve(answers, { cert, key })
    const find = async (settings: Parameters<typeof issuerRules>[0]) => {
      const issuerKeys = new IssuerKeys({ rules: issuerRules(settings), clock: () => 0 })
      const wanted = { issuer: server.issuer, tenantId: first, keyId: undefined }
      return (await issuerKeys.find(wanted)).is
    }
    try {
      assert.strictEqual(await find({ issuers: 'any', http: false, ca }), 'keys')
      assert.strictEqual(await find({ issuers: 'any', http: false }), 'unreachable')
      assert.strictEqual(await find({ issuers: 'public', http: false, ca }), 'unreachable')
    } finally {
      server.close()
    }
  })

  test('of slow issuers are waited for by their tenant alone', async () => {
    const paths = ['/a', '/b', '/c', '/d']
    const slow = await serve(
      Object.fromEntries(paths.map((path) => [`${path}${discovery}`, () => {}])),
    )
    const issuer = await OidcIssuer.start()
    const keys = new IssuerKeys({ rules: onThisMachine, clock: () => 0 })
    try {
      const waiting = paths.map((path) =>
        keys.find({ issuer: `${slow.issuer}${path}`, tenantId: first, keyId: undefined }),
      )
      const wanted = { issuer: issuer.issuer, keyId: 'key-1' }
      assert.strictEqual((await keys.find({ ...wanted, tenantId: first })).is, 'unreachable')
      assert.strictEqual((await keys.find({ ...wanted, tenantId: second })).is, 'keys')
      slow.close()
      assert.ok((await Promise.all(waiting)).every(({ is }) => is === 'unreachable'))
    } finally {
      await issuer.stop()
    }
  })
})
