// Sources that are asked without TLS, where the server was told that it may. Loopback addresses play the
// public and the private one.
import assert from 'node:assert'
import type { LookupAddress } from 'node:dns'
import { readFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { type AddressInfo, isIP } from 'node:net'
import type { ExternalSource } from '../../../gateway/bundles/external/external-source.ts'
import { sourceRules } from '../../../gateway/bundles/external/gather-sources.ts'
import { isPublicAddress } from '../../../gateway/bundles/external/public-address.ts'
import { readSource, type SourceRules } from '../../../gateway/bundles/external/read-source.ts'
import { SourceFailure } from '../../../gateway/bundles/external/source-failure.ts'
import { makeCertificate } from '../../compat/tls-certificate.ts'
import { describe } from '../../support/describe.ts'
import { askSigned } from '../../support/own-routes-client.ts'
import { RunningServer } from '../../support/start-server.ts'
import { makeTemporaryDirectory } from '../../support/started-server.ts'
import { exchange } from '../../support/wire-request.ts'
import { HttpsOrigin } from './https-origin.ts'

const outer = '127.0.0.1'
const inner = '127.0.0.2'
const names: Readonly<Record<string, readonly string[]>> = {
  localhost: [outer],
  'inner.localhost': [inner],
  'mixed.localhost': [outer, inner],
}

const folder = makeTemporaryDirectory()
let plain: Server
let port: number
let hidden: Server
let hiddenAsked = 0
let secure: HttpsOrigin
let ca: string

/** `inner` may be reached with TLS, as by `--external-sources any`, and never without. */
function rules(more: Partial<SourceRules['addresses']> = {}): SourceRules {
  const resolve = async (host: string) => addressesOf(names[host] ?? [])
  const plainAddresses = { isAllowed: (address: string) => address === outer, resolve, ...more }
  const addresses = { isAllowed: () => true, resolve, ca }
  return { addresses, plainAddresses, bytesMax: 1_000_000, silenceMs: 20_000 }
}

function addressesOf(found: readonly string[]): readonly LookupAddress[] {
  return found.map((address) => ({ address, family: isIP(address) }))
}

function at(url: string): ExternalSource {
  return { is: 'url', url: new URL(url) }
}

function objectAt(endpoint: string): ExternalSource {
  const place = { endpoint: new URL(endpoint), region: 'us-east-1', bucket: 'bucket', key: 'key' }
  return { is: 's3', ...place, credentials: { accessKeyId: 'theirs', secretAccessKey: 'secret' } }
}

async function read(source: ExternalSource, by = rules()): Promise<string> {
  const pieces: Buffer[] = []
  const { stream } = await readSource(source, by, new AbortController().signal)
  for await (const piece of stream) pieces.push(piece)
  return Buffer.concat(pieces).toString()
}

async function refusal(source: ExternalSource, by = rules()): Promise<string> {
  try {
    await read(source, by)
  } catch (cause) {
    assert.ok(cause instanceof SourceFailure, String(cause))
    return cause.message
  }
  return assert.fail('it was read')
}

async function startOrigins(): Promise<void> {
  const certificate = makeCertificate(folder.path, 'origin')
  ca = readFileSync(certificate.cert, 'utf8')
  plain = createServer((incoming, response) => {
    const locations: Readonly<Record<string, string>> = {
      '/to-inner': `http://${inner}:${port}/small`,
      '/to-inner-name': `http://inner.localhost:${port}/small`,
      '/to-tls': `https://localhost:${secure.port}/small`,
    }
    const location = locations[incoming.url ?? '']
    if (location === undefined) response.end('small')
    else response.writeHead(302, { location }).end()
  })
  await new Promise<void>((resolve) => plain.listen(0, outer, resolve))
  port = (plain.address() as AddressInfo).port
  hidden = createServer((_, response) => {
    hiddenAsked += 1
    response.end('hidden')
  })
  await new Promise<void>((resolve) => hidden.listen(port, inner, resolve))
  secure = await HttpsOrigin.start(certificate, {
    '/small': (response) => response.end('small by TLS'),
    '/to-plain': (response) =>
      response.writeHead(302, { location: `http://localhost:${port}/small` }).end(),
    '/to-inner': (response) =>
      response.writeHead(307, { location: `http://${inner}:${port}/small` }).end(),
  })
}

describe('sources without TLS', (test) => {
  test.before(startOrigins)
  test.after(() => {
    plain.close()
    hidden.close()
    secure.close()
    folder.remove()
    assert.equal(hiddenAsked, 0, 'an address that is not public was reached')
  })

  test('are read at public addresses, as URLs and as S3 servers, and by redirects both ways', async () => {
    assert.equal(await read(at(`http://localhost:${port}/small`)), 'small')
    assert.equal(await read(at(`http://${outer}:${port}/small`)), 'small')
    assert.equal(await read(objectAt(`http://localhost:${port}`)), 'small')
    assert.equal(await read(at(`http://localhost:${port}/to-tls`)), 'small by TLS')
    assert.equal(await read(at(`https://localhost:${secure.port}/to-plain`)), 'small')
  })

  test('are refused at other addresses, whatever TLS may reach: by address, name and redirect', async () => {
    for (const source of [
      at(`http://${inner}:${port}/small`),
      at(`http://inner.localhost:${port}/small`),
      at(`http://mixed.localhost:${port}/small`),
      at(`http://localhost:${port}/to-inner`),
      at(`http://localhost:${port}/to-inner-name`),
      at(`https://localhost:${secure.port}/to-inner`),
      objectAt(`http://${inner}:${port}`),
      objectAt(`http://inner.localhost:${port}`),
    ]) {
      assert.match(await refusal(source), /is at an address that is not public\.$/)
    }
  })

  test('are refused in every spelling of an address of one’s own', async () => {
    const real = rules({ isAllowed: isPublicAddress })
    const hosts = ['127.1', '0x7f000002', '2130706434', '0', '[::1]', '[::ffff:127.0.0.2]']
    for (const host of [
      ...hosts,
      '169.254.169.254',
      '10.0.0.1',
      '[fe80::1]',
      '[64:ff9b::7f00:2]',
    ]) {
      const said = await refusal(at(`http://${host}:${port}/small`), real)
      assert.match(said, /not public/, host)
      assert.match(await refusal(objectAt(`http://${host}:${port}`), real), /not public/, host)
    }
  })

  test('are not reached when a name leads elsewhere the second time it is asked', async () => {
    for (const source of [
      at(`http://localhost:${port}/small`),
      objectAt(`http://localhost:${port}`),
    ]) {
      const turns = [[outer], [inner], [inner]]
      await read(source, rules({ resolve: async () => addressesOf(turns.shift() ?? []) }))
      assert.equal(turns.length, 2)
    }
  })

  test('are not asked at all by a server that was not told to', async () => {
    const { plainAddresses: _, ...withoutPlain } = rules()
    assert.match(await refusal(at(`http://localhost:${port}/small`), withoutPlain), /is not https/)
    const redirected = at(`https://localhost:${secure.port}/to-plain`)
    assert.match(await refusal(redirected, withoutPlain), /is not https/)
    assert.match(await refusal(objectAt(`http://localhost:${port}`), withoutPlain), /not public/)
  })

  test('stay at public addresses by the settings, also beside those that TLS may reach', () => {
    const { addresses, plainAddresses } = sourceRules({
      externalSources: 'any',
      externalHttp: true,
    })
    assert.equal(addresses.isAllowed('127.0.0.1'), true)
    assert.equal(plainAddresses?.isAllowed('127.0.0.1'), false)
    assert.equal(plainAddresses?.isAllowed('1.1.1.1'), true)
    const usual = sourceRules({ externalSources: 'public', externalHttp: false })
    assert.equal(usual.plainAddresses, undefined)
  })
})

describe('a bundle with an entry at an http URL', (test) => {
  const entries = [
    [{ url: 'http://127.0.0.1:1/secret?signature=1', name: 'x' }, 'url'],
    [
      {
        s3: {
          ...{ endpoint: 'http://127.0.0.1:1', bucket: 'b', key: 'k' },
          ...{ accessKeyId: 'theirs', secretAccessKey: 'their-secret' },
        },
      },
      'endpoint',
    ],
  ] as const

  async function ask(server: RunningServer, entry: object): Promise<string> {
    const json = { bucket: 'files', entries: [entry] }
    const request = { method: 'POST', target: '/-/bundles?download', json }
    const response = await askSigned(server.port, request)
    assert.equal(response.status, 400)
    const text = response.body.toString()
    assert.doesNotMatch(text, /signature=|their-secret/)
    return text
  }

  test('is refused at the request, unless the server was told to take those', async () => {
    for (const externalHttp of [false, true]) {
      const server = await RunningServer.start({ externalHttp })
      try {
        await exchange(server.port, { method: 'PUT', target: '/files' })
        for (const [entry, argument] of entries) {
          const text = await ask(server, entry)
          if (externalHttp) assert.match(text, /is at an address that is not public/)
          else assert.match(text, new RegExp(`"ArgumentName":"${argument}".*is no https URL`))
        }
        server.assertNoFailure()
      } finally {
        await server.stop()
      }
    }
  })
})
