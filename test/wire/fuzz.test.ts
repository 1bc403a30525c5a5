// Valid requests, spoilt at random: before signing, so that they get past the signature, and after, as bytes.
// The server may refuse them in any way that blames the client. HOLDFAST_FUZZ_REQUESTS says how many are
// sent; the seed is printed and comes again with HOLDFAST_TEST_SEED.
import assert from 'node:assert'
import { createHash } from 'node:crypto'
import { describe } from '../support/describe.ts'
import { RawConnection } from '../support/raw-connection.ts'
import { seededBytes } from '../support/seeded-bytes.ts'
import { RunningServer } from '../support/start-server.ts'
import { exchange, signed, signedChunked, type WireRequest } from '../support/wire-request.ts'

const requestsCount = Number(process.env.HOLDFAST_FUZZ_REQUESTS ?? 4_000)
const atOnce = 8
/** How long an answer is waited for: some requests are spoilt into waiting for more. */
const patienceMs = 150
const growthBytesMax = 400 * 1024 * 1024

const random = seededBytes()
const pick = <Item>(items: readonly Item[]): Item => {
  const item = items[random.integer(items.length)]
  assert(item !== undefined)
  return item
}
const oneIn = (count: number) => random.integer(count) === 0

const oddTexts = [
  '',
  ' ',
  '0',
  '-1',
  '1',
  '2',
  '1001',
  '99999999999999999999',
  '1e9',
  'NaN',
  'true',
  'null',
  'a',
  '/',
  '%00',
  '%2e%2e',
  '..',
  '*',
  '"',
  '""',
  '"a"',
  'W/"a"',
  '&',
  '=',
  '<',
  '%ff',
  '%',
  '+',
  ',',
  ';',
  'é',
  '\x7f',
  '\x01',
  'bytes=0-0',
  'bytes=-1',
  'bytes=5-1',
  'bytes=0-,1-',
  'bytes=99999999999999999999-',
  'items=1-2',
  'Sat, 21 Nov 2026 08:00:00 GMT',
  'yesterday',
  '2026-11-21T08:00:00Z',
  'aws-chunked',
  'COPY',
  'REPLACE',
  'CRC32',
  'SHA256',
  'COMPOSITE',
  'FULL_OBJECT',
  'AAAAAA==',
  'STANDARD',
  'GLACIER',
  '/fuzz/k',
  'fuzz/k?versionId=x',
  'chunked',
  'a=b&c=d',
  'a=b&a=c',
  'x'.repeat(300),
  'x'.repeat(3000),
  '\u{1f600}',
]
const parameterNames = [
  'versionId',
  'uploadId',
  'partNumber',
  'prefix',
  'delimiter',
  'marker',
  'max-keys',
  'max-uploads',
  'max-parts',
  'key-marker',
  'version-id-marker',
  'upload-id-marker',
  'part-number-marker',
  'encoding-type',
  'start-after',
  'continuation-token',
  'fetch-owner',
  'list-type',
  'uploads',
  'versions',
  'versioning',
  'tagging',
  'delete',
  'location',
  'attributes',
  'acl',
  'policy',
  'response-content-type',
  'response-expires',
  'zip',
  'max-buckets',
  'X-Amz-Signature',
  'X-Amz-Algorithm',
  'Signature',
  'AWSAccessKeyId',
  'x-id',
]
const headerNames = [
  'origin',
  'access-control-request-method',
  'access-control-request-headers',
  'range',
  'if-match',
  'if-none-match',
  'if-modified-since',
  'if-unmodified-since',
  'content-md5',
  'content-type',
  'content-encoding',
  'cache-control',
  'expires',
  'x-amz-tagging',
  'x-amz-meta-a',
  'x-amz-storage-class',
  'x-amz-acl',
  'x-amz-checksum-crc32',
  'x-amz-checksum-sha256',
  'x-amz-checksum-crc64nvme',
  'x-amz-checksum-algorithm',
  'x-amz-checksum-type',
  'x-amz-checksum-mode',
  'x-amz-sdk-checksum-algorithm',
  'x-amz-trailer',
  'x-amz-copy-source',
  'x-amz-copy-source-range',
  'x-amz-copy-source-if-match',
  'x-amz-metadata-directive',
  'x-amz-tagging-directive',
  'x-amz-object-attributes',
  'x-amz-decoded-content-length',
  'x-amz-mp-object-size',
  'x-amz-if-match-size',
  'x-amz-bucket-object-lock-enabled',
  'x-amz-expected-bucket-owner',
  'x-amz-server-side-encryption',
  'x-amz-security-token',
  'x-amz-website-redirect-location',
  'x-amz-write-offset-bytes',
  'expect',
  'content-length',
  'transfer-encoding',
  'connection',
  'host',
  'date',
  'x-http-method-override',
  'upgrade',
  'te',
  'trailer',
]

const xml = (root: string, inner: string) => `<${root}>${inner}</${root}>`
const md5Of = (body: string) => ({ 'content-md5': createHash('md5').update(body).digest('base64') })
const corsRule = xml('CORSRule', xml('AllowedMethod', 'GET') + xml('AllowedOrigin', 'http://*'))
const corsRules = xml('CORSConfiguration', corsRule)
const cors = { target: '/fuzz?cors', headers: md5Of(corsRules), body: corsRules }
const page = { origin: 'http://a', 'access-control-request-method': 'GET' }
const deletion = xml(
  'Delete',
  '<Object><Key>k</Key></Object><Object><Key>l</Key><VersionId>null</VersionId></Object>',
)

function validRequests(uploadId: string): readonly WireRequest[] {
  const upload = `uploadId=${encodeURIComponent(uploadId)}`
  return [
    { target: '/' },
    { method: 'PUT', target: '/fuzz2', body: '' },
    { method: 'HEAD', target: '/fuzz' },
    { method: 'DELETE', target: '/fuzz3' },
    { target: '/fuzz?list-type=2&prefix=a&delimiter=%2F&max-keys=10' },
    { target: '/fuzz?versions&encoding-type=url' },
    { target: '/fuzz?uploads' },
    { target: '/fuzz?location' },
    {
      method: 'PUT',
      target: '/fuzz?versioning',
      body: xml('VersioningConfiguration', '<Status>Enabled</Status>'),
    },
    {
      method: 'PUT',
      target: '/fuzz?tagging',
      body: xml('Tagging', '<TagSet><Tag><Key>a</Key><Value>b</Value></Tag></TagSet>'),
    },
    { method: 'PUT', target: '/fuzz/k', body: 'some content' },
    {
      method: 'PUT',
      target: '/fuzz/l',
      body: random.bytes(9_000),
      headers: { 'x-amz-meta-a': 'b' },
    },
    { target: '/fuzz/k', headers: { range: 'bytes=1-5' } },
    { method: 'HEAD', target: '/fuzz/k' },
    {
      target: '/fuzz/k?attributes',
      headers: { 'x-amz-object-attributes': 'ETag,ObjectSize,Checksum' },
    },
    { method: 'PUT', target: '/fuzz/copy', headers: { 'x-amz-copy-source': '/fuzz/k' } },
    { method: 'PUT', ...cors },
    { method: 'OPTIONS', target: '/fuzz/k', headers: page },
    { target: '/fuzz/k', headers: page },
    { method: 'PUT', target: '/fuzz/k?tagging', body: xml('Tagging', '<TagSet/>') },
    { target: '/fuzz/k?tagging' },
    { method: 'DELETE', target: '/fuzz/m' },
    { method: 'POST', target: '/fuzz?delete', body: deletion, headers: md5Of(deletion) },
    { method: 'POST', target: '/fuzz/mp?uploads' },
    { method: 'PUT', target: `/fuzz/mp?partNumber=1&${upload}`, body: 'part' },
    {
      method: 'PUT',
      target: `/fuzz/mp?partNumber=2&${upload}`,
      headers: { 'x-amz-copy-source': '/fuzz/k' },
    },
    { target: `/fuzz/mp?${upload}` },
    {
      method: 'POST',
      target: `/fuzz/mp?${upload}`,
      body: xml('CompleteMultipartUpload', '<Part><PartNumber>1</PartNumber><ETag>a</ETag></Part>'),
    },
    {
      method: 'POST',
      target: '/fuzz',
      headers: { 'content-type': 'multipart/form-data; boundary=b' },
      body: '--b\r\nContent-Disposition: form-data; name="key"\r\n\r\nk\r\n--b\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\nx\r\n--b--\r\n',
    },
  ]
}

/** Changes what is signed. */
function vary(request: WireRequest): WireRequest {
  let { method = 'GET', target } = request
  let { body } = request
  const headers: Record<string, string> = { ...request.headers }
  const encodedOdd = () =>
    oneIn(4) ? pick(oddTexts.filter(isPathText)) : encodeURIComponent(pick(oddTexts))
  for (let count = random.integer(4); count > 0; count -= 1) {
    switch (random.integer(7)) {
      case 0:
        method = pick(['GET', 'HEAD', 'PUT', 'POST', 'DELETE', 'OPTIONS', 'PATCH'])
        break
      case 1:
        target += `${target.includes('?') ? '&' : '?'}${pick(parameterNames)}=${encodedOdd()}`
        break
      case 2:
        target = target.replace(/=[^&]*/, () => `=${encodedOdd()}`)
        break
      case 3:
        target = target.replace(/\/[^/?]*$/, () => `/${encodedOdd()}`)
        break
      case 4:
        headers[pick(headerNames)] = Buffer.from(pick(oddTexts))
          .toString('latin1')
          .replaceAll(/[\x00-\x1f\x7f]/g, '')
        break
      case 5:
        body = spoilBytes(Buffer.from(body ?? ''))
        break
      default:
        body = String(body ?? '').replace(/>[^<]+</, () => `>${pick(oddTexts)}<`)
    }
  }
  if (!target.startsWith('/')) target = `/${target}`
  return { ...request, method, target, headers, ...(body === undefined ? {} : { body }) }
}

/** Text that may stand in a target unescaped. */
function isPathText(text: string): boolean {
  return /^[!-~]*$/.test(text)
}

function spoilBytes(bytes: Buffer): Buffer {
  const at = random.integer(bytes.length + 1)
  const length = random.integer(20)
  const [before, after] = [bytes.subarray(0, at), bytes.subarray(at)]
  switch (random.integer(6)) {
    case 0:
      return Buffer.concat([before, random.bytes(length), after])
    case 1:
      return Buffer.concat([before, after.subarray(length)])
    case 2:
      return Buffer.concat([before, after.subarray(0, length), after])
    case 3:
      return before
    case 4:
      return Buffer.concat([before, Buffer.from(pick(oddTexts)), after.subarray(length)])
    default: {
      const spoilt = Buffer.from(bytes)
      if (spoilt.length > 0) spoilt[at % spoilt.length] = random.integer(256)
      return spoilt
    }
  }
}

function next(valid: readonly WireRequest[]): Buffer {
  if (oneIn(8)) {
    const payload = pick([
      'STREAMING-AWS4-HMAC-SHA256-PAYLOAD',
      'STREAMING-UNSIGNED-PAYLOAD-TRAILER',
    ] as const)
    const trailers = payload.endsWith('TRAILER') ? { 'x-amz-checksum-crc32': 'AAAAAA==' } : {}
    const data = random.bytes(random.integer(20_000))
    const spoil = oneIn(2) ? spoilBytes : (bytes: Buffer) => bytes
    return signedChunked({ target: '/fuzz/c', data, chunkBytes: 8192, payload, trailers, spoil })
      .bytes
  }
  const { bytes } = signed(vary(pick(valid)))
  if (!oneIn(3)) return bytes
  let spoilt: Buffer = bytes
  for (let count = 1 + random.integer(3); count > 0; count -= 1) spoilt = spoilBytes(spoilt)
  return spoilt
}

describe('requests spoilt at random', (test) => {
  let server: RunningServer
  let uploadId = ''
  test.before(async () => {
    server = await RunningServer.start({ ingestMemoryBytes: 16 * 1024 * 1024 })
    for (const target of ['/fuzz', '/canary']) {
      assert.equal((await exchange(server.port, { method: 'PUT', target })).status, 200)
    }
    const canary = { method: 'PUT', target: '/canary/k', body: 'alive' }
    assert.equal((await exchange(server.port, canary)).status, 200)
    const created = await exchange(server.port, { method: 'POST', target: '/fuzz/mp?uploads' })
    uploadId = /<UploadId>([^<]+)/.exec(created.body.toString())?.[1] ?? ''
  })
  test.after(() => server.stop())

  async function attempt(bytes: Buffer): Promise<string | undefined> {
    const connection = await RawConnection.open(server.port)
    const timer = setTimeout(() => connection.close(), patienceMs)
    await connection.send(bytes)
    let text = ''
    while (!connection.isEnded && text === '') {
      await Promise.race([
        new Promise((resolve) => connection.socket.once('news', resolve)),
        connection.rest(),
      ])
      text = connection.pending.toString('latin1')
    }
    clearTimeout(timer)
    connection.close()
    return /^HTTP\/1\.1 (\d{3}) /.exec(text)?.[1]
  }

  test('are never a failure of ours, and the server goes on', async () => {
    const valid = validRequests(uploadId)
    const statuses = new Map<string, number>()
    const residentBefore = process.memoryUsage.rss()
    let left = requestsCount
    const work = async () => {
      while (left > 0) {
        left -= 1
        const bytes = next(valid)
        const status = await attempt(bytes)
        const shown = bytes.subarray(0, 2000).toString('latin1')
        assert.ok(
          !/^5/.test(status ?? '') || status === '501' || status === '503',
          `${status} to\n${shown}`,
        )
        const loud = server.logged.map(({ details }) => String(details.cause))
        assert.deepStrictEqual(loud, [], `logged at\n${shown}`)
        statuses.set(status ?? 'none', (statuses.get(status ?? 'none') ?? 0) + 1)
      }
    }
    await Promise.all(Array.from({ length: atOnce }, work))
    console.log(Object.fromEntries([...statuses].sort()))
    const canary = await exchange(server.port, { target: '/canary/k' })
    assert.equal(canary.body.toString(), 'alive')
    const body = random.bytes(5_000_000)
    await exchange(server.port, { method: 'PUT', target: '/canary/l', body })
    assert.ok((await exchange(server.port, { target: '/canary/l' })).body.equals(body))
    assert.ok(process.memoryUsage.rss() - residentBefore < growthBytesMax, 'memory is bounded')
  })
})
