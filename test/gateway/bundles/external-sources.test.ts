// Entries of bundles that are fetched from elsewhere, from an https server of this test's own.
import assert from 'node:assert'
import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createServer, request, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  ListBucketsCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3'
import { isPublicAddress } from '../../../gateway/bundles/external/public-address.ts'
import { signRequest } from '../../../protocol/s3/sigv4/sign-request.ts'
import { SigningKeyCache } from '../../../protocol/s3/sigv4/signing-keys.ts'
import { makeCertificate } from '../../compat/tls-certificate.ts'
import { describe } from '../../support/describe.ts'
import { readZip } from '../../support/python-zip.ts'
import { makeTemporaryDirectory, StartedServer } from '../../support/started-server.ts'
import { gate } from './https-origin.ts'

const program = fileURLToPath(new URL('../../../deploy/holdfast.js', import.meta.url))
const key = { accessKeyId: 'external-key', secretAccessKey: 'external-secret' }
const mib = 1024 * 1024
const large = Buffer.alloc(6 * mib, 'external')

/** How the source `/held` is held back. */
const held = { asked: gate(), release: gate() }
/** And `/slow`. */
const slow = { asked: gate(), release: gate() }

type Started = { readonly process: StartedServer; readonly s3: string }

async function startHoldfast(
  folder: string,
  rule: string,
  certificate: string,
  more: readonly string[] = [],
): Promise<Started> {
  const process = new StartedServer({
    program,
    argv: [
      ...['server', '--data', join(folder, rule), '--workers', '2', '--external-sources', rule],
      ...['--listen', '127.0.0.1:0', '--admin-listen', '127.0.0.1:0'],
      ...more,
    ],
    env: {
      HOLDFAST_ROOT_ACCESS_KEY: key.accessKeyId,
      HOLDFAST_ROOT_SECRET_KEY: key.secretAccessKey,
      NODE_EXTRA_CA_CERTS: certificate,
    },
  })
  const { s3 } = await process.listening()
  return { process, s3 }
}

async function post(
  { s3 }: Started,
  entries: readonly unknown[],
  query = '',
  more: Readonly<Record<string, string>> = {},
): Promise<Response> {
  const target = `/-/bundles${query}`
  const { headers } = signRequest(
    {
      method: 'POST',
      target,
      headers: { host: new URL(s3).host },
      payloadHash: 'UNSIGNED-PAYLOAD',
    },
    {
      credentials: { ...key, region: 'us-east-1' },
      signingKeys: new SigningKeyCache({ entriesMax: 1 }),
      nowMs: Date.now(),
    },
  )
  const body = JSON.stringify({ bucket: 'files', entries })
  return fetch(`${s3}${target}`, { method: 'POST', headers: { ...headers, ...more }, body })
}

/** `?download` makes a single attempt, whatever the source. */
async function refusal(server: Started, url: string, query = ''): Promise<string> {
  const response = await post(server, [{ url, name: 'x' }], query)
  assert.equal(response.status, 400)
  return response.text()
}

function bytesOf(response: Response): Promise<Buffer> {
  return response.arrayBuffer().then((bytes) => Buffer.from(bytes))
}

function urlIn(text: string): string {
  const url = /"url":"([^"]+)"/.exec(text)?.[1]
  assert.ok(url !== undefined, text)
  return url
}

function escaped(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase()}`
}

/** `fetch` takes no certificate of its own. */
function sendTrusting(
  url: string,
  options: {
    readonly method: string
    readonly headers: Readonly<Record<string, string>>
    readonly body: string
    readonly ca: string
  },
): Promise<void> {
  const { method, headers, body, ca } = options
  return new Promise((resolve, reject) => {
    const outgoing = request(url, { method, headers, ca: readFileSync(ca) }, (response) => {
      response.resume()
      response.on('end', () => {
        assert.equal(response.statusCode, 200)
        resolve()
      })
    })
    outgoing.on('error', reject)
    outgoing.end(body)
  })
}

function sdkFor({ s3 }: Started): S3Client {
  const plain = { region: 'us-east-1', forcePathStyle: true }
  return new S3Client({ ...plain, endpoint: s3, credentials: { ...key } })
}

function startOrigin(certificate: { cert: string; key: string }): Promise<Server> {
  const files = { cert: readFileSync(certificate.cert), key: readFileSync(certificate.key) }
  const origin = createServer(files, (incoming, response) => {
    const redirect = /^\/redirect\/(\d+)/.exec(incoming.url ?? '')
    if (redirect !== null) {
      const left = Number(redirect[1]) - 1
      response.writeHead(302, { location: left > 0 ? `/redirect/${left}` : '/small' })
      response.end()
    } else if (incoming.url === '/small') {
      response.writeHead(200, { 'last-modified': 'Sun, 01 Mar 2026 10:00:00 GMT' })
      response.end('small')
    } else if (incoming.url === '/large') {
      response.end(large)
    } else if (incoming.url === '/plain-http') {
      response.writeHead(302, { location: 'http://127.0.0.1/' })
      response.end()
    } else if (incoming.url === '/broken') {
      response.writeHead(200, { 'content-length': 1000 })
      response.write('only this')
      setTimeout(() => response.destroy(), 50)
    } else if (incoming.url === '/slow') {
      slow.asked.open()
      slow.release.opened.then(
        () => response.end('slow'),
        () => {},
      )
    } else if (incoming.url?.startsWith('/held') === true) {
      held.asked.open()
      held.release.opened.then(
        () => response.end('held'),
        () => {},
      )
    } else {
      response.writeHead(404)
      response.end()
    }
  })
  return new Promise((resolve) => origin.listen(0, '127.0.0.1', () => resolve(origin)))
}

describe('entries that are fetched from elsewhere', (test) => {
  const { path: folder, remove } = makeTemporaryDirectory()
  let origin: Server
  let base: string
  let any: Started
  let careful: Started
  let other: Started | undefined

  test.before(async () => {
    const certificate = makeCertificate(folder, 'origin')
    origin = await startOrigin(certificate)
    base = `https://localhost:${(origin.address() as AddressInfo).port}`
    any = await startHoldfast(folder, 'any', certificate.cert)
    careful = await startHoldfast(folder, 'public', certificate.cert)
    for (const server of [any, careful]) {
      const sdk = sdkFor(server)
      await sdk.send(new CreateBucketCommand({ Bucket: 'files' }))
      await sdk.send(new PutObjectCommand({ Bucket: 'files', Key: 'own', Body: 'own' }))
      sdk.destroy()
    }
  })
  test.after(async () => {
    origin.close()
    await any.process.stop()
    await careful.process.stop()
    await other?.process.stop()
    remove()
  })

  test('stand among the others, in an archive that is exact and resumable', async () => {
    const response = await post(any, [
      { url: `${base}/large`, name: 'fetched/large' },
      { key: 'own' },
      { url: `${base}/redirect/2`, name: 'small' },
    ])
    const made = await response.text()
    assert.equal(response.status, 201, made)
    const whole = await fetch(urlIn(made))
    const archive = await bytesOf(whole)
    assert.equal(whole.headers.get('content-length'), String(archive.length))
    assert.deepStrictEqual(readZip(archive), [
      ['fetched/large', large.toString()],
      ['own', 'own'],
      ['small', 'small'],
    ])
    const range = await fetch(urlIn(made), { headers: { range: 'bytes=5000000-5999999' } })
    assert.deepStrictEqual(await bytesOf(range), archive.subarray(5_000_000, 6_000_000))
    const sdk = sdkFor(any)
    const { Buckets } = await sdk.send(new ListBucketsCommand({}))
    assert.deepStrictEqual(
      Buckets?.map(({ Name }) => Name),
      ['files'],
    )
    sdk.destroy()
  })

  test('may be objects of another S3 server', async () => {
    const certificate = { cert: join(folder, 'cert.pem'), key: join(folder, 'key.pem') }
    other = await startHoldfast(folder, 'off', certificate.cert, [
      ...['--tls-cert', certificate.cert, '--tls-key', certificate.key],
    ])
    const endpoint = other.s3.replace('127.0.0.1', 'localhost')
    const plain = { bucket: 'theirs', region: 'us-east-1', endpoint, ...key }
    const signed = async (method: string, path: string, body = '') => {
      const { headers } = signRequest(
        {
          method,
          target: path,
          headers: { host: new URL(endpoint).host, 'content-length': String(body.length) },
          payloadHash: 'UNSIGNED-PAYLOAD',
        },
        {
          credentials: { ...key, region: 'us-east-1' },
          signingKeys: new SigningKeyCache({ entriesMax: 1 }),
          nowMs: Date.now(),
        },
      )
      await sendTrusting(`${endpoint}${path}`, { method, headers, body, ca: certificate.cert })
    }
    await signed('PUT', '/theirs')
    const path = "/theirs/a%20b/%C3%BC'(1)*.txt".replace(/['()*]/g, escaped)
    await signed('PUT', path, 'of another server')
    const source = { ...plain, key: "a b/ü'(1)*.txt" }
    const response = await post(any, [{ s3: source }, { s3: source, name: 'second' }])
    const made = await response.text()
    assert.equal(response.status, 201, made)
    assert.doesNotMatch(made, /external-secret/)
    assert.deepStrictEqual(readZip(await bytesOf(await fetch(urlIn(made)))), [
      ["a b/ü'(1)*.txt", 'of another server'],
      ['second', 'of another server'],
    ])
    const missing = await post(any, [{ s3: { ...plain, key: 'missing' } }])
    assert.match(await missing.text(), /s3:\/\/theirs\/missing at \S+ answered 404 NoSuchKey/)
    for (const s3 of [
      { ...plain, key: '../x' },
      { ...plain, key: 'x', endpoint: 'http://localhost' },
      { ...plain, key: 'x', bucket: 'a/b' },
      { ...plain, key: '' },
    ]) {
      assert.equal((await post(any, [{ s3 }])).status, 400)
    }
    const off = await post(careful, [{ s3: source }])
    assert.match(await off.text(), /not public/)
  })

  test('can be downloaded at once, too', async () => {
    const response = await post(any, [{ url: `${base}/small`, name: 'small' }], '?download')
    assert.deepStrictEqual(readZip(await bytesOf(response)), [['small', 'small']])
  })

  test('leave what is local readable, though it is deleted while they are gathered', async () => {
    const sdk = sdkFor(any)
    const object = { Bucket: 'files', Key: 'local' }
    const body = randomBytes(24 * mib)
    await sdk.send(new PutObjectCommand({ ...object, Body: body }))
    const entries = [{ url: `${base}/slow`, name: 'slow' }, { key: 'local' }]
    const answered = post(any, entries, '?download')
    await slow.asked.opened
    await sdk.send(new DeleteObjectCommand(object))
    slow.release.open()
    const response = await answered
    assert.equal(response.status, 200)
    // So that what is held by nobody would be deleted by now.
    await wait(2000)
    const archive = await bytesOf(response)
    assert.ok(archive.includes(body))
    sdk.destroy()
  })

  test('are gathered to their end though the server is killed in the middle', async () => {
    const certificate = join(folder, 'cert.pem')
    const before = await startHoldfast(join(folder, 'killed'), 'any', certificate)
    const sdk = sdkFor(before)
    await sdk.send(new CreateBucketCommand({ Bucket: 'files' }))
    sdk.destroy()
    const entries = [{ url: `${base}/held?private`, name: 'held' }]
    const response = await post(before, entries, '', { prefer: 'respond-async' })
    const made = await response.text()
    assert.equal(response.status, 202, made)
    await held.asked.opened
    await before.process.kill()
    held.release.open()
    const after = await startHoldfast(join(folder, 'killed'), 'any', certificate)
    try {
      const { pathname, search } = new URL(urlIn(made))
      let zip = await fetch(`${after.s3}${pathname}${search}`)
      while (zip.status === 503) zip = await fetch(`${after.s3}${pathname}${search}`)
      assert.deepStrictEqual(readZip(await bytesOf(zip)), [['held', 'held']])
      assert.doesNotMatch(before.process.output + after.process.output, /private/)
    } finally {
      await after.process.stop()
    }
  })

  test('a source that fails, leads on for ever, or away from https makes no bundle', async () => {
    assert.match(await refusal(any, `${base}/missing`), /missing answered 404/)
    assert.match(await refusal(any, `${base}/redirect/9`), /leads on more than 5 times/)
    assert.match(await refusal(any, `${base}/plain-http`), /is not https/)
    assert.match(await refusal(any, `${base}/broken`, '?download'), /broke off/)
    const unreachable = await refusal(any, 'https://localhost:1/', '?download')
    assert.match(unreachable, /could not be fetched \(ECONNREFUSED\)/)
    assert.match(await refusal(any, 'http://localhost/'), /no https URL/)
    assert.match(await refusal(any, 'file:///etc/passwd'), /no https URL/)
  })

  test('what is not at a public address is not fetched, unless the server was told to', async () => {
    const port = new URL(base).port
    for (const host of ['localhost', '127.0.0.1', '[::1]', '0x7f.1', '169.254.169.254']) {
      const said = await refusal(careful, `https://${host}:${port}/small`)
      assert.match(said, /not public/, host)
    }
  })
})

describe('public addresses', (test) => {
  test('are not those of this machine, its networks, the link, or of other special use', () => {
    const special = [
      ...['0.0.0.0', '10.1.2.3', '100.64.0.1', '127.0.0.1', '127.9.9.9', '169.254.169.254'],
      ...['172.16.0.1', '172.31.255.255', '192.168.1.1', '198.18.0.1', '224.0.0.1'],
      ...['255.255.255.255', '240.0.0.1', '192.0.2.1', '203.0.113.9', '198.51.100.1'],
      ...['::', '::1', 'fe80::1', 'fc00::1', 'fd12::1', 'ff02::1', '::ffff:10.0.0.1'],
      ...['::ffff:8.8.8.8', '64:ff9b::7f00:1', '2001:db8::1', '2002:7f00:1::', '2001::1'],
    ]
    for (const address of special) assert.equal(isPublicAddress(address), false, address)
    const everybodys = ['1.1.1.1', '8.8.8.8', '172.32.0.1', '100.128.0.1', '2606:4700::1111']
    for (const address of everybodys) assert.equal(isPublicAddress(address), true, address)
  })
})
