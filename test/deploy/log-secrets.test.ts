// What a server that logs every request never writes: what would let a reader of the log ask, decrypt or
// download anything.
import assert from 'node:assert'
import { fileURLToPath } from 'node:url'
import { describe } from '../support/describe.ts'
import { askSigned, jsonOf } from '../support/own-routes-client.ts'
import { signedForm } from '../support/signed-form.ts'
import { serverKey } from '../support/start-server.ts'
import { makeTemporaryDirectory, StartedServer } from '../support/started-server.ts'
import { exchange, exchangeBytes, signed } from '../support/wire-request.ts'

const program = fileURLToPath(new URL('../../deploy/holdfast.js', import.meta.url))
const addresses = ['--listen', '127.0.0.1:0', '--admin-listen', '127.0.0.1:0']

describe('the log of every request', (test) => {
  const directory = makeTemporaryDirectory()
  let server: StartedServer
  let port: number
  test.before(async () => {
    server = new StartedServer({
      program,
      argv: [
        ...['server', '--data', directory.path, ...addresses],
        ...['--workers', '1', '--log-level', 'debug'],
      ],
      env: {
        HOLDFAST_ROOT_ACCESS_KEY: serverKey.accessKeyId,
        HOLDFAST_ROOT_SECRET_KEY: serverKey.secretAccessKey,
      },
    })
    port = Number(new URL((await server.listening()).s3).port)
    await exchange(port, { method: 'PUT', target: '/bkt' })
    await exchange(port, { method: 'PUT', target: '/bkt/a', body: 'some' })
  })
  test.after(async () => {
    await server.stop()
    directory.remove()
  })

  /** What has been logged of a request that is known by its id. */
  async function logged(requestId: string | undefined): Promise<Readonly<Record<string, unknown>>> {
    assert.ok(requestId)
    const [line] = await server.printed(new RegExp(`^\\{.*"${requestId}".*$`, 'm'))
    return JSON.parse(line) as Readonly<Record<string, unknown>>
  }

  test('has a line of JSON for each, with its id, and no key, signature, token or query', async () => {
    const secrets = [serverKey.secretAccessKey]
    const get = signed({ target: '/bkt/a' })
    secrets.push(signatureOf(get.head))
    const fine = await exchangeBytes(port, get.bytes)
    assert.equal((await logged(fine.headers.get('x-amz-request-id'))).operation, 'GetObject')

    const query = `X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Signature=${'5eC4e7'.repeat(10)}`
    secrets.push('5eC4e7')
    const presigned = `GET /bkt/a?${query} HTTP/1.1\r\nHost: s3.test\r\n\r\n`
    const refused = await exchangeBytes(port, presigned)
    assert.equal((await logged(refused.headers.get('x-amz-request-id'))).status, refused.status)

    const customerKey = Buffer.alloc(32, 'a secret of a customer').toString('base64')
    secrets.push(customerKey)
    const sealed = await exchange(port, {
      ...{ method: 'PUT', target: '/bkt/b', body: 'some' },
      headers: {
        'x-amz-server-side-encryption-customer-algorithm': 'AES256',
        'x-amz-server-side-encryption-customer-key': customerKey,
      },
    })
    await logged(sealed.headers.get('x-amz-request-id'))

    const form = signedForm({ bucket: 'bkt', fields: { key: 'of-a-form' } })
    secrets.push(signatureOf(form))
    const posted = await exchangeBytes(port, form, 'POST')
    assert.equal((await logged(posted.headers.get('x-amz-request-id'))).operation, 'PostObject')

    const json = { bucket: 'bkt', entries: [{ key: 'a' }] }
    const made = jsonOf(await askSigned(port, { method: 'POST', target: '/-/bundles', json }), 201)
    const url = new URL(String(made.url))
    const token = [...url.searchParams.values()].at(-1) ?? ''
    assert.ok(token.length > 20, url.href)
    secrets.push(token)
    const zip = await exchangeBytes(
      port,
      `GET ${url.pathname}${url.search} HTTP/1.1\r\nHost: ${url.host}\r\n\r\n`,
    )
    assert.equal(zip.status, 200)
    await server.printed(/"operation":"GET \/-\/bundles\/:id[^"]*"/)

    for (const secret of secrets) assert.ok(!server.output.includes(secret), secret)
    for (const name of [/AWS4-HMAC/, /X-Amz-/i, /signature=/i]) {
      assert.doesNotMatch(server.output, name)
    }
  })
})

function signatureOf(bytes: Buffer): string {
  const found = /signature(?:=|"\r\n\r\n)([0-9a-f]{64})/i.exec(bytes.toString('latin1'))
  assert.ok(found?.[1])
  return found[1]
}
