// The audit log of a real server: of several processes in one file that rotates, on standard output, over a restart,
// and never a secret in it.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdirSync, renameSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import { get } from 'node:https'
import { type AddressInfo, connect } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { presignUrl } from '../../../protocol/s3/sigv4/sign-request.ts'
import { makeCertificates } from '../../support/certificates.ts'
import { describe } from '../../support/describe.ts'
import { askSigned, jsonOf, textIn } from '../../support/own-routes-client.ts'
import { signedForm } from '../../support/signed-form.ts'
import { signedV2 } from '../../support/signed-v2.ts'
import { serverKey } from '../../support/start-server.ts'
import { makeTemporaryDirectory, StartedServer } from '../../support/started-server.ts'
import { exchange, exchangeBytes, signed, signingContext } from '../../support/wire-request.ts'
import { type Line, linesOf, textsOf } from './audit-fixture.ts'

const program = fileURLToPath(new URL('../../../deploy/holdfast.js', import.meta.url))
const twoWorkers = ['--workers', '2']
const addresses = ['--listen', '127.0.0.1:0', '--admin-listen', '127.0.0.1:0']
const env = {
  HOLDFAST_ROOT_ACCESS_KEY: serverKey.accessKeyId,
  HOLDFAST_ROOT_SECRET_KEY: serverKey.secretAccessKey,
}

type Started = { readonly server: StartedServer; readonly port: number; readonly admin: string }

describe('a server with an audit log', (test) => {
  const directory = makeTemporaryDirectory()
  const running: StartedServer[] = []
  test.after(async () => {
    for (const server of running) await server.stop('SIGKILL')
    directory.remove()
  })

  async function start(
    argv: readonly string[],
    more: { readonly env?: Readonly<Record<string, string>>; readonly data?: string } = {},
  ): Promise<Started> {
    const data = more.data ?? join(directory.path, String(running.length))
    const server = new StartedServer({
      program,
      argv: ['server', '--data', data, ...addresses, ...argv],
      env: { ...env, ...more.env },
    })
    running.push(server)
    const { s3, admin } = await server.listening()
    return { server, port: Number(new URL(s3).port), admin }
  }

  function fileOf(name: string): string {
    mkdirSync(join(directory.path, `logs-${name}`))
    return join(directory.path, `logs-${name}`, 'audit.log')
  }

  /** So many requests side by side, on connections of their own; answers their ids. */
  async function ask(port: number, requests: number): Promise<readonly string[]> {
    const ids: string[] = []
    const turns = Array.from({ length: 8 }, async () => {
      while (ids.length < requests) {
        const { headers } = await exchange(port, { target: `/none/${'k'.repeat(500)}` })
        ids.push(headers.get('x-amz-request-id') ?? '')
      }
    })
    await Promise.all(turns)
    return ids
  }

  const idsIn = (lines: readonly Line[]) => lines.map(({ requestId }) => String(requestId)).sort()

  test('of three processes has each line once and whole, over rotations and a clean stop', async () => {
    const path = fileOf('rotated')
    const argv = ['--workers', '3', '--audit-log', `file:${path}`, '--audit-max-bytes', '64KiB']
    const { server, port } = await start([...argv, '--audit-keep', '1000'])
    const asked = await ask(port, 600)
    assert.equal(await server.stop(), 0)
    const lines = linesOf(path)
    assert.deepEqual(idsIn(lines), [...asked].sort())
    assert.equal(new Set(lines.map(({ hostId }) => hostId)).size, 3)
    assert.ok(textsOf(path).length > 8, `${textsOf(path).length} files`)
    for (const { text } of textsOf(path)) assert.ok(Buffer.byteLength(text) <= 64 * 1024)
  })

  test('loses no line while somebody renames the file and sends SIGHUP', async () => {
    const path = fileOf('renamed')
    const { server, port } = await start(['--workers', '2', '--audit-log', `file:${path}`])
    const asked: string[] = []
    for (let round = 0; round < 5; round += 1) {
      const asking = ask(port, 100)
      renameSync(path, `${path}.${round}`)
      server.child.kill('SIGHUP')
      asked.push(...(await asking))
      // Made by the first line that comes after the signal.
      while (textsOf(path).length < round + 2) asked.push(...(await ask(port, 1)))
    }
    assert.equal(await server.stop(), 0)
    assert.deepEqual(idsIn(linesOf(path)), [...asked].sort())
    assert.equal(textsOf(path).length, 6)
  })

  test('goes on in the same file after a restart, also in the data directory', async () => {
    const data = join(directory.path, 'restarted')
    const path = join(data, 'audit.log')
    mkdirSync(data)
    const argv = ['--workers', '1', '--audit-log', `file:${path}`]
    const asked: string[] = []
    for (let life = 0; life < 2; life += 1) {
      const { server, port } = await start(argv, { data })
      asked.push(...(await ask(port, 10)))
      assert.equal(await server.stop(), 0)
    }
    assert.deepEqual(idsIn(linesOf(path)), asked.sort())
  })

  test('has lines of requests that are cut off by the end of the server', async () => {
    const path = fileOf('stopped')
    const argv = ['--workers', '2', '--audit-log', `file:${path}`, '--drain-time', '100ms']
    const { server, port } = await start(argv)
    await exchange(port, { method: 'PUT', target: '/bkt' })
    const { head } = signed({
      ...{ method: 'PUT', target: '/bkt/cut', payloadHash: 'UNSIGNED-PAYLOAD' },
      headers: { 'content-length': '1000', expect: '100-continue' },
    })
    const socket = connect({ port, host: '127.0.0.1' })
    socket.on('error', () => {})
    socket.write(head)
    const [asked] = (await once(socket, 'data')) as [Buffer]
    assert.match(asked.toString(), /^HTTP\/1\.1 100 /)
    assert.equal(await server.stop(), 0)
    socket.destroy()
    const line = linesOf(path).find(({ resource }) => (resource as Line)?.key === 'cut')
    assert.equal(line?.operation, 'PutObject')
  })

  test('writes lines to standard output, one of JSON each', async () => {
    const { server, port } = await start(['--workers', '2', '--audit-log', 'stdout'])
    const asked = await ask(port, 20)
    assert.equal(await server.stop(), 0)
    const lines = server.output
      .split('\n')
      .filter((line) => line.startsWith('{"schema"'))
      .map((line) => JSON.parse(line) as Line)
    assert.deepEqual(idsIn(lines), [...asked].sort())
  })

  test('tells over which version of TLS a request came', async () => {
    const path = fileOf('tls')
    const certificates = await makeCertificates()
    const { certificate, key } = certificates.server
    const tls = ['--tls-cert', certificate, '--tls-key', key]
    const { server, port } = await start([...twoWorkers, ...tls, '--audit-log', `file:${path}`])
    const status = await new Promise((resolve, reject) => {
      const options = { port, host: '127.0.0.1', path: '/bkt/k', rejectUnauthorized: false }
      get(options, (reply) => {
        reply.resume()
        resolve(reply.statusCode)
      }).once('error', reject)
    })
    assert.equal(await server.stop(), 0)
    const [line] = linesOf(path)
    assert.deepEqual([line?.tls, line?.status], ['TLSv1.3', status])
    await certificates.discard()
  })

  test('answers, and tells what is missing, while the file cannot be written', async () => {
    const path = fileOf('gone')
    const { server, port, admin } = await start(['--workers', '2', '--audit-log', `file:${path}`])
    rmSync(join(path, '..'), { recursive: true })
    server.child.kill('SIGHUP')
    await ask(port, 50)
    const readiness = async () => (await (await fetch(`${admin}/readyz`)).json()) as Line
    while ((await readiness()).auditLog === 'ok') await ask(port, 1)
    const { ready, auditLog, auditLinesDropped } = await readiness()
    assert.deepEqual([ready, auditLinesDropped], [true, 0])
    assert.match(String(auditLog), /ENOENT/)
    await server.printed(/audit log cannot be written/)
    const asked = await ask(port, 50)
    mkdirSync(join(path, '..'))
    server.child.kill('SIGHUP')
    while ((await readiness()).auditLog !== 'ok') await ask(port, 1)
    assert.equal(await server.stop(), 0)
    const written = idsIn(linesOf(path))
    for (const id of asked) assert.ok(written.includes(id), id)
    assert.equal(server.output.match(/audit log cannot be written/g)?.length, 1)
  })

  test('counts what a webhook that stands still makes it drop, and stops all the same', async () => {
    const received: string[] = []
    let isStill = true
    const webhook = createServer(async (incoming, response) => {
      let text = ''
      for await (const piece of incoming) text += String(piece)
      if (isStill) return
      received.push(text)
      response.end()
    })
    webhook.listen(0, '127.0.0.1')
    await once(webhook, 'listening')
    const url = `http://127.0.0.1:${(webhook.address() as AddressInfo).port}/`
    const { server, port, admin } = await start([
      ...['--workers', '2', '--audit-log', url, '--audit-memory', '256KiB'],
    ])
    const dropped = async () =>
      Number(((await (await fetch(`${admin}/readyz`)).json()) as Line).auditLinesDropped)
    const asked: string[] = []
    while ((await dropped()) < 50) asked.push(...(await ask(port, 100)))
    isStill = false
    webhook.closeAllConnections()
    assert.equal(await server.stop(), 0)
    webhook.close()
    const lines = received
      .join('')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Line)
    const missing = lines.filter(({ type }) => type === 'dropped')
    assert.equal(missing.length, 1)
    const arrived = new Set(lines.map(({ requestId }) => requestId))
    assert.equal(arrived.size - 1 + Number(missing[0]?.lines), asked.length)
    assert.equal(server.output.match(/lines are dropped/g)?.length, 1)
  })

  test('refuses to start where there can be no file, and names the setting', async () => {
    const server = new StartedServer({
      program,
      argv: [
        ...['server', '--data', join(directory.path, 'refused'), ...addresses, '--workers', '1'],
        ...['--audit-log', `file:${join(directory.path, 'nowhere', 'audit.log')}`],
      ],
      env,
    })
    running.push(server)
    assert.equal(await server.end(), 1)
    assert.match(server.output, /--audit-log file:.* cannot be written: ENOENT/)
  })

  test('never writes a secret, a signature, a token, a query or a body', async () => {
    const path = fileOf('secrets')
    const token = 'token-of-the-webhook'
    const webhook = createServer((_, response) => response.writeHead(500).end())
    webhook.listen(0, '127.0.0.1')
    await once(webhook, 'listening')
    const { port: webhookPort } = webhook.address() as AddressInfo
    const hidden = 'secret-in-a-url'
    const hooked = await start([...twoWorkers, '--log-level', 'debug', '--drain-time', '1s'], {
      env: {
        HOLDFAST_AUDIT_LOG: `http://127.0.0.1:${webhookPort}/${hidden}`,
        HOLDFAST_AUDIT_WEBHOOK_TOKEN: token,
      },
    })
    const argv = ['--workers', '2', '--audit-log', `file:${path}`, '--log-level', 'debug']
    const { server, port } = await start(argv)
    const secrets = [serverKey.secretAccessKey, token, hidden]
    await exchange(port, { method: 'PUT', target: '/bkt' })
    await exchange(hooked.port, { method: 'PUT', target: '/bkt' })
    await hooked.server.printed(/audit log cannot be written/)
    await hooked.server.stop()

    const body = 'a body that nobody is to see'
    secrets.push(body)
    const put = signed({ method: 'PUT', target: '/bkt/a', body })
    secrets.push(signatureOf(put.head.toString('latin1')))
    await exchangeBytes(port, put.bytes, 'PUT')
    const presigned = presignUrl(
      { method: 'GET', origin: `http://127.0.0.1:${port}`, path: '/bkt/a', expiresSeconds: 60 },
      signingContext(),
    )
    const url = new URL(presigned)
    secrets.push(signatureOf(url.search), url.search.slice(1, 40))
    await exchangeBytes(
      port,
      `GET ${url.pathname}${url.search} HTTP/1.1\r\nHost: ${url.host}\r\n\r\n`,
    )
    const version2 = signedV2({ target: '/bkt/a', resource: '/bkt/a' })
    secrets.push(/Signature=([^&]+)/.exec(version2)?.[1] ?? 'none')
    await exchangeBytes(port, `GET ${version2} HTTP/1.1\r\nHost: s3.test\r\n\r\n`)
    const form = signedForm({ bucket: 'bkt', fields: { key: 'of-a-form' } })
    secrets.push(signatureOf(form.toString('latin1')))
    await exchangeBytes(port, form, 'POST')
    const session = 'token-of-a-session'
    secrets.push(session)
    await exchange(port, { target: '/bkt/a', headers: { 'x-amz-security-token': session } })
    // Somebody has put the secret where the key belongs.
    const swapped = { accessKeyId: 'a-secret-in-the-wrong-place', secretAccessKey: 'whatever' }
    secrets.push(swapped.accessKeyId)
    const credentials = { ...swapped, region: 'us-east-1' }
    await exchange(port, { target: '/bkt/a', context: { credentials } })
    const customerKey = Buffer.alloc(32, 'a secret of a customer').toString('base64')
    secrets.push(customerKey)
    await exchange(port, {
      ...{ method: 'PUT', target: '/bkt/b', body: 'some' },
      headers: {
        'x-amz-server-side-encryption-customer-algorithm': 'AES256',
        'x-amz-server-side-encryption-customer-key': customerKey,
      },
    })
    const json = { bucket: 'bkt', entries: [{ key: 'a' }] }
    const made = jsonOf(await askSigned(port, { method: 'POST', target: '/-/bundles', json }), 201)
    const bundle = new URL(textIn(made, 'url'))
    secrets.push(bundle.searchParams.get('token') ?? 'none', textIn(made, 'secret'))
    for (const search of [bundle.search, '?token=a-wrong-token']) {
      await exchangeBytes(
        port,
        `GET ${bundle.pathname}${search} HTTP/1.1\r\nHost: ${bundle.host}\r\n\r\n`,
      )
    }
    secrets.push('a-wrong-token')
    await askSigned(port, {
      target: `/-/bundles/${textIn(made, 'id')}`,
      headers: { 'x-holdfast-bundle-secret': textIn(made, 'secret') },
    })
    assert.equal(await server.stop(), 0)
    webhook.close()

    const lines = linesOf(path)
    assert.equal(lines.length, 12)
    const kinds = lines.map(({ signature }) => Object.values((signature ?? {}) as Line).join())
    for (const kind of ['4,header', '4,presigned', '2,presigned', '4,form']) {
      assert.ok(kinds.includes(kind), `${kind} in ${kinds.join(' ')}`)
    }
    const written = textsOf(path)
      .map(({ text }) => text)
      .join('')
    for (const secret of secrets) {
      assert.ok(secret.length > 5, secret)
      for (const text of [written, server.output, hooked.server.output]) {
        assert.ok(!text.includes(secret), secret)
      }
    }
    for (const name of [/AWS4-HMAC/, /X-Amz-/i, /Signature=/i, /token=/i]) {
      assert.doesNotMatch(written, name)
    }
  })
})

function signatureOf(text: string): string {
  const found = /signature(?:=|"\r\n\r\n)([0-9a-f]{64})/i.exec(text)
  assert.ok(found?.[1])
  return found[1]
}
