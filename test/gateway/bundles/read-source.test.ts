// Sources elsewhere, read from https servers of this test's own: which addresses are reached, what of a
// source is believed, and when it is given up. Loopback addresses play the public and the private one.
import assert from 'node:assert'
import type { LookupAddress } from 'node:dns'
import { readFileSync } from 'node:fs'
import { isIP } from 'node:net'
import type { ExternalSource } from '../../../gateway/bundles/external/external-source.ts'
import { isPublicAddress } from '../../../gateway/bundles/external/public-address.ts'
import { readSource, type SourceRules } from '../../../gateway/bundles/external/read-source.ts'
import { SourceFailure } from '../../../gateway/bundles/external/source-failure.ts'
import { type CertificateFiles, makeCertificate } from '../../compat/tls-certificate.ts'
import { describe } from '../../support/describe.ts'
import { makeTemporaryDirectory } from '../../support/started-server.ts'
import { type Answer, HttpsOrigin } from './https-origin.ts'

const outer = '127.0.0.1'
const inner = '127.0.0.2'

const names: Readonly<Record<string, readonly string[]>> = {
  localhost: [outer],
  'inner.localhost': [inner],
  'mixed.localhost': [outer, inner],
}

let certificate: CertificateFiles
let resolved: string[] = []

function addressesOf(found: readonly string[]): readonly LookupAddress[] {
  return found.map((address) => ({ address, family: isIP(address) }))
}

function rules(more: Partial<SourceRules & SourceRules['addresses']> = {}): SourceRules {
  const { bytesMax = 1_000_000, silenceMs = 20_000, ...addresses } = more
  return {
    addresses: {
      isAllowed: (address) => address === outer,
      resolve: async (host) => {
        resolved.push(host)
        return addressesOf(names[host] ?? [])
      },
      ca: readFileSync(certificate.cert, 'utf8'),
      ...addresses,
    },
    bytesMax,
    silenceMs,
  }
}

function httpsSource(url: string): ExternalSource {
  return { is: 'url', url: new URL(url) }
}

const credentials = {
  accessKeyId: 'theirs',
  secretAccessKey: 'their-secret',
  sessionToken: 'their-token',
}

function s3Source(endpoint: string, key = 'key'): ExternalSource {
  const place = { endpoint: new URL(endpoint), region: 'us-east-1', bucket: 'bucket', key }
  return { is: 's3', ...place, credentials }
}

async function read(source: ExternalSource, by = rules(), signal = never): Promise<string> {
  const pieces: Buffer[] = []
  const { stream } = await readSource(source, by, signal)
  for await (const piece of stream) pieces.push(piece)
  return Buffer.concat(pieces).toString()
}

const never = new AbortController().signal

/** What whoever asked is told, and whether another attempt is made. */
async function refusal(...asked: Parameters<typeof read>): Promise<string> {
  try {
    await read(...asked)
  } catch (cause) {
    assert.ok(cause instanceof SourceFailure, String(cause))
    assert.doesNotMatch(cause.message, /their-|signature/)
    assert.equal(cause.cause, undefined)
    return `${cause.isTransient ? 'again' : 'never'}: ${cause.message}`
  }
  return assert.fail('it was read')
}

function redirect(location: (port: number) => string): Answer {
  return (response, { socket }) =>
    response.writeHead(302, { location: location(socket.localPort ?? 0) }).end()
}

function errorDocument(status: number, code: string): Answer {
  return (response) => response.writeHead(status).end(`<Error><Code>${code}</Code></Error>`)
}

const answers: Readonly<Record<string, Answer>> = {
  '/small': (response) => response.end('small'),
  '/to-address': redirect((port) => `https://${inner}:${port}/small`),
  '/to-name': redirect((port) => `https://inner.localhost:${port}/small`),
  '/to-other': redirect((port) => `https://${outer}:${port}/small`),
  '/to-http': redirect(() => 'http://localhost/'),
  '/unsure': (response) => response.writeHead(503).end(),
  '/hurried': (response) => response.writeHead(429).end(),
  '/silent': () => {},
  '/stalls': (response) => {
    response.writeHead(200, { 'content-length': 1000 })
    response.write('only this')
  },
  '/cut': (response) => {
    response.writeHead(200, { 'content-length': 1000 })
    response.write('only this', () => response.destroy())
  },
  '/cut-chunked': (response) => response.write('only this', () => response.destroy()),
  '/announced-large': (response) => {
    response.writeHead(200, { 'content-length': 1_000_001 })
    response.write('so much')
  },
  '/large': (response) => {
    for (let at = 0; at < 11; at += 1) response.write(Buffer.alloc(100_000))
    response.end()
  },
  '/bucket/key': (response) => {
    response.writeHead(200, { 'last-modified': 'Sun, 01 Mar 2026 10:00:00 GMT' })
    response.end('an object')
  },
  '/bucket/damaged': (response) => {
    response.writeHead(200, { 'x-amz-checksum-crc32': 'AAAAAA==', 'content-length': 9 })
    response.end('an object')
  },
  '/bucket/cut': (response) => {
    response.writeHead(200, { 'content-length': 1000 })
    response.write('only this', () => response.destroy())
  },
  '/bucket/stalls': (response) => {
    response.writeHead(200, { 'content-length': 1000 })
    response.write('only this')
  },
  '/bucket/large': (response) =>
    response.writeHead(200, { 'content-length': 1_000_001 }).write('x'),
  '/bucket/denied': errorDocument(403, 'AccessDenied'),
  '/bucket/missing': errorDocument(404, 'NoSuchKey'),
  '/bucket/unsure': errorDocument(503, 'SlowDown'),
  '/bucket/to-inner': redirect((port) => `https://${inner}:${port}/small`),
  '/bucket/endless': (response) => {
    response.writeHead(400)
    const more = () => {
      if (!response.destroyed) response.write('<a>'.repeat(10_000), more)
    }
    more()
  },
}

let origin: HttpsOrigin
let hidden: HttpsOrigin
const folder = makeTemporaryDirectory()

async function start(): Promise<void> {
  certificate = makeCertificate(folder.path, 'origin')
  origin = await HttpsOrigin.start(certificate, answers)
  hidden = await HttpsOrigin.start(certificate, answers, { host: inner, port: origin.port })
}

function stop(): void {
  assert.deepStrictEqual(hidden.asked, [], 'an address that is not public was reached')
  origin.close()
  hidden.close()
}

/** All ways to say an address of one's own that a rule for IPv4 alone would miss. */
const disguised = [
  ...['[::1]', '[::ffff:127.0.0.1]', '[::ffff:7f00:1]', '[fe80::1]', '[fc00::1]', '[::]'],
  ...['[64:ff9b::7f00:1]', '[2002:7f00:1::]', '0x7f000001', '2130706433', '127.1', '0'],
]

describe('sources at addresses that are not public', (test) => {
  test.before(start)
  test.after(stop)

  test('are refused where a redirect leads to them, by address and by name', async () => {
    for (const path of ['to-address', 'to-name']) {
      const said = await refusal(
        httpsSource(`https://localhost:${origin.port}/${path}?signature=1`),
      )
      assert.match(said, new RegExp(`never: https://localhost:\\d+/${path} is at an address that`))
    }
  })

  test('stop no redirect to another host that is public', async () => {
    const source = httpsSource(`https://localhost:${origin.port}/to-other`)
    assert.equal(await read(source), 'small')
    assert.match(
      await refusal(httpsSource(`https://localhost:${origin.port}/to-http`)),
      /never: .* is not https/,
    )
  })

  test('are refused when one of a name’s addresses is such a one', async () => {
    const url = `https://mixed.localhost:${origin.port}/small`
    assert.match(await refusal(httpsSource(url)), /never: .*not public/)
    assert.match(await refusal(s3Source(new URL(url).origin)), /never: .*not public/)
  })

  test('are refused in every spelling, for URLs and for S3 servers', async () => {
    const real = rules({ isAllowed: isPublicAddress })
    for (const host of disguised) {
      const url = `https://${host}:${origin.port}/`
      assert.match(await refusal(httpsSource(`${url}small`), real), /never: .*not public/, host)
      assert.match(await refusal(s3Source(url), real), /never: .*not public/, host)
    }
  })

  test('are refused as answers of a name server, in every family', async () => {
    for (const address of ['10.0.0.1', '::1', '::ffff:127.0.0.1', 'fe80::1', '64:ff9b::7f00:1']) {
      const resolve = async () => addressesOf(['1.1.1.1', address])
      const real = rules({ isAllowed: isPublicAddress, resolve })
      const url = `https://elsewhere.example:${origin.port}/`
      assert.match(await refusal(httpsSource(url), real), /never: .*not public/, address)
      assert.match(await refusal(s3Source(url), real), /never: .*not public/, address)
    }
  })

  test('are not reached when a name leads there only the second time it is asked', async () => {
    for (const source of [
      httpsSource(`https://localhost:${origin.port}/small`),
      s3Source(`https://localhost:${origin.port}`),
    ]) {
      const turns = [[outer], [inner], [inner]]
      const resolve = async () => addressesOf(turns.shift() ?? [])
      await read(source, rules({ resolve }))
      assert.equal(turns.length, 2)
    }
  })

  test('are refused where AWS’s own names lead to them', async () => {
    resolved = []
    const { endpoint: _, ...aws } = s3Source('https://localhost') as ExternalSource & { is: 's3' }
    const resolve = async (host: string) => {
      resolved.push(host)
      return addressesOf(['10.0.0.1'])
    }
    const said = await refusal({ ...aws, region: 'eu-central-1' }, rules({ resolve }))
    assert.match(said, /never: s3:\/\/bucket\/key is at an address that is not public/)
    assert.deepStrictEqual(resolved, ['bucket.s3.eu-central-1.amazonaws.com'])
  })
})

describe('sources', (test) => {
  test.before(start)
  test.after(stop)

  const at = (path: string) => httpsSource(`https://localhost:${origin.port}${path}`)
  const object = (key: string) => s3Source(`https://localhost:${origin.port}`, key)

  test('are read to their end', async () => {
    assert.equal(await read(at('/small')), 'small')
    assert.equal(await read(object('key')), 'an object')
    const { modifiedMs, bytes, stream } = await readSource(object('key'), rules(), never)
    await stream.return()
    assert.deepStrictEqual([modifiedMs, bytes], [Date.UTC(2026, 2, 1, 10), undefined])
  })

  test('that are cut short are never taken for whole', async () => {
    for (const source of [at('/cut'), at('/cut-chunked'), object('cut')]) {
      assert.match(await refusal(source), /again: .* broke off/)
    }
  })

  test('of another S3 server are refused when their checksum does not hold', async () => {
    assert.match(await refusal(object('damaged')), /again: .* broke off/)
  })

  test('that say nothing any more are given up', async () => {
    const impatient = rules({ silenceMs: 300 })
    for (const source of [at('/silent'), at('/stalls'), object('stalls')]) {
      assert.match(await refusal(source, impatient), /again: .* says nothing any more/)
    }
  })

  test('are given up when the time is over', async () => {
    for (const source of [at('/silent'), at('/stalls'), object('stalls')]) {
      const said = await refusal(source, rules(), AbortSignal.timeout(300))
      assert.match(said, /never: .* takes too long/)
    }
  })

  test('that are too large are refused, whether they say so or not', async () => {
    for (const source of [at('/announced-large'), at('/large'), object('large')]) {
      assert.match(await refusal(source), /never: .* has more than 1000000 bytes/)
    }
  })

  test('that answer otherwise are asked again only when that may help', async () => {
    assert.match(await refusal(at('/missing')), /never: .*\/missing answered 404\./)
    assert.match(await refusal(at('/unsure')), /again: .* answered 503/)
    assert.match(await refusal(at('/hurried')), /again: .* answered 429/)
    assert.match(await refusal(object('missing')), /never: .* answered 404 NoSuchKey/)
    assert.match(await refusal(object('denied')), /never: .* answered 403 AccessDenied/)
    assert.match(await refusal(object('unsure')), /again: .* answered 503/)
    assert.match(await refusal(object('to-inner')), /never: .* answered 302/)
    assert.match(await refusal(httpsSource('https://localhost:1/')), /again: .*ECONNREFUSED/)
  })

  test('whose error document has no end are given up', async () => {
    assert.match(await refusal(object('endless')), /never: .* answered 400/)
  })

  test('whose certificate does not hold are refused for good', async () => {
    const { ca: _, ...addresses } = rules().addresses
    const strict = { ...rules(), addresses }
    assert.match(
      await refusal(at('/small'), strict),
      /never: .* could not be fetched \([A-Z_]+CERT/,
    )
    assert.match(
      await refusal(object('key'), strict),
      /never: .* could not be fetched \([A-Z_]+CERT/,
    )
  })
})
