// By which keys a token is believed: several of them, of several kinds, named in the token or not.
import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose'
import { IssuerKeys } from '../../../gateway/sts/oidc/issuer-keys.ts'
import { issuerRules } from '../../../gateway/sts/oidc/issuer-rules.ts'
import { readWebIdentity } from '../../../gateway/sts/oidc/web-identity.ts'
import type { OidcProviderDocument } from '../../../metadata/identity-records.ts'
import { parseTenantId } from '../../../metadata/record-ids.ts'
import { QueryError } from '../../../protocol/query/query-error.ts'
import { describe } from '../../support/describe.ts'

type Signer = { readonly jwk: JWK; readonly key: Parameters<SignJWT['sign']>[0] }

describe('signatures of tokens', (test) => {
  let server: Server
  let issuer = ''
  let keys: readonly JWK[] = []
  const tenantId = parseTenantId('123456789012')

  test.before(async () => {
    server = createServer((request, response) => {
      const isDiscovery = request.url?.endsWith('openid-configuration') === true
      const document = isDiscovery ? { issuer, jwks_uri: `${issuer}/keys` } : { keys }
      response.end(JSON.stringify(document))
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const address = server.address()
    assert.ok(address !== null && typeof address === 'object')
    issuer = `http://127.0.0.1:${address.port}`
  })
  test.after(() => {
    server.close()
    server.closeAllConnections()
  })

  const make = async (alg: string, kid?: string): Promise<Signer> => {
    const { publicKey, privateKey } = await generateKeyPair(alg)
    const named = kid === undefined ? {} : { kid }
    return { jwk: { ...(await exportJWK(publicKey)), alg, ...named }, key: privateKey }
  }
  const sign = ({ jwk, key }: Signer, kid = jwk.kid) =>
    new SignJWT({ sub: 'ann', aud: 'sts.amazonaws.com', iss: issuer })
      .setProtectedHeader({ alg: jwk.alg ?? '', ...(kid === undefined ? {} : { kid }) })
      .setIssuedAt()
      .setExpirationTime('5m')
      .sign(key)
  /** The subject, or the code of the refusal. */
  const read = async (token: string, known: readonly Pick<Signer, 'jwk'>[]) => {
    keys = known.map(({ jwk }) => jwk)
    const url = issuer.replace('http://', '')
    const provider: OidcProviderDocument = {
      ...{ url, clientIds: ['sts.amazonaws.com'], thumbprints: [], tags: [], createdMs: 0 },
    }
    const issuerKeys = new IssuerKeys({
      rules: issuerRules({ issuers: 'public', http: true }),
      clock: () => 0,
    })
    const get = async (_: unknown, kind: string, name: string) =>
      (kind === 'oidcProvider' && name === url ? provider : undefined) as never
    try {
      const deps = { identities: { get }, issuerKeys, now: Date.now }
      return (await readWebIdentity(token, tenantId, deps)).subject
    } catch (cause) {
      if (cause instanceof QueryError) return cause.code
      throw cause
    }
  }

  test('hold of every kind that providers use', async () => {
    for (const alg of ['RS256', 'RS384', 'RS512', 'PS256', 'ES256', 'ES384', 'ES512', 'EdDSA']) {
      const signer = await make(alg, 'k')
      assert.strictEqual(await read(await sign(signer), [signer]), 'ann', alg)
      const other = await make(alg, 'k')
      assert.strictEqual(await read(await sign(signer), [other]), 'InvalidIdentityToken', alg)
    }
  })

  test('are tried with each key when the token does not say which, but not with many', async () => {
    const all = await Promise.all(Array.from({ length: 7 }, () => make('RS256')))
    const [first, second] = all
    const last = all.at(-1)
    assert.ok(first !== undefined && second !== undefined && last !== undefined)
    assert.strictEqual(await read(await sign(first), [first, second]), 'ann')
    assert.strictEqual(await read(await sign(second), [first, second]), 'ann')
    assert.strictEqual(await read(await sign(last), [first, second]), 'InvalidIdentityToken')
    assert.strictEqual(await read(await sign(last), all), 'InvalidIdentityToken')
  })

  test('are looked for under the name that the token says', async () => {
    const [a, b] = [await make('ES256', 'a'), await make('ES256', 'b')]
    assert.strictEqual(await read(await sign(b), [a, b]), 'ann')
    assert.strictEqual(await read(await sign(b, 'a'), [a, b]), 'InvalidIdentityToken')
    assert.strictEqual(await read(await sign(b, 'c'), [a, b]), 'InvalidIdentityToken')
  })

  test('are not believed of keys that are too short, for something else, or of another kind', async () => {
    const short = generateKeyPairSync('rsa', { modulusLength: 1024 })
    const jwk = { ...short.publicKey.export({ format: 'jwk' }), alg: 'RS256', kid: 'k' } as JWK
    const signer = await make('RS256', 'k')
    assert.strictEqual(await read(await sign(signer), [{ jwk }]), 'InvalidIdentityToken')
    const forSecrets = { jwk: { ...signer.jwk, use: 'enc' } }
    assert.strictEqual(await read(await sign(signer), [forSecrets]), 'InvalidIdentityToken')
    const { alg: _, ...without } = signer.jwk
    assert.strictEqual(await read(await sign(signer), [{ jwk: without }]), 'ann')
    const elliptic = await make('ES256', 'k')
    assert.strictEqual(await read(await sign(signer), [elliptic]), 'InvalidIdentityToken')
    const broken = { jwk: { kty: 'RSA', n: 'AQAB', e: 'AQAB', kid: 'k', alg: 'RS256' } }
    assert.strictEqual(await read(await sign(signer), [broken]), 'InvalidIdentityToken')
    const noPoint = { jwk: { kty: 'EC', crv: 'P-256', x: 'AA', y: 'AA', kid: 'k', alg: 'ES256' } }
    assert.strictEqual(await read(await sign(elliptic), [noPoint]), 'InvalidIdentityToken')
  })
})
