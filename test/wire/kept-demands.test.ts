// Conditions and demands are met or refused, wherever in a request they stand and whatever the request is of:
// our own routes, trailers, documents with a checksum, requests with very many headers.
import assert from 'node:assert'
import { describe } from '../support/describe.ts'
import {
  askPlain,
  askSigned,
  errorOf,
  jsonOf,
  targetOf,
  textIn,
} from '../support/own-routes-client.ts'
import { RunningServer } from '../support/start-server.ts'
import { codeOf, exchange, type WireRequest } from '../support/wire-request.ts'

const foreign = { 'x-amz-expected-bucket-owner': '111122223333' }

describe('what a request demands', (test) => {
  let server: RunningServer
  const ask = (request: WireRequest) => exchange(server.port, request)
  const put = (target: string, headers: Readonly<Record<string, string>> = {}, body = 'new') =>
    ask({ method: 'PUT', target, headers, body })
  const textAt = async (target: string) => (await ask({ target })).body.toString()

  test.before(async () => {
    server = await RunningServer.start()
    await put('/bkt', {}, '')
    await put('/bkt/o', {}, 'one')
    await put('/bkt/precious', {}, 'precious')
  })
  test.after(() => server.stop())

  test('is never dropped by routes of ours', async () => {
    const json = { bucket: 'bkt', prefix: 'o', destination: { bucket: 'bkt', key: 'precious' } }
    const demands: readonly Readonly<Record<string, string>>[] = [
      { 'if-none-match': '*' },
      { 'if-match': '"x"' },
      { 'x-amz-acl': 'public-read' },
      { 'x-amz-server-side-encryption': 'aws:kms' },
      { 'x-amz-object-lock-mode': 'COMPLIANCE' },
      { 'x-amz-source-expected-bucket-owner': '111122223333' },
      { 'x-amz-copy-source': 'bkt/o' },
      { 'x-amz-if-moon': 'full' },
      foreign,
    ]
    for (const headers of demands) {
      for (const target of ['/-/archives', '/-/bundles']) {
        const answer = await askSigned(server.port, { method: 'POST', target, json, headers })
        assert.match(errorOf(answer), /^(400|403|501) /, JSON.stringify([target, headers]))
      }
    }
    assert.equal(await textAt('/bkt/precious'), 'precious')
  })

  test('is asked of a bundle too, whoever holds its secret or its URL', async () => {
    const json = { bucket: 'bkt', entries: [{ key: 'o' }] }
    const made = jsonOf(
      await askSigned(server.port, { method: 'POST', target: '/-/bundles', json }),
      201,
    )
    const secret = { 'x-holdfast-bundle-secret': textIn(made, 'secret') }
    const target = `/-/bundles/${textIn(made, 'id')}`
    const show = (headers: Readonly<Record<string, string>>) =>
      askPlain(server.port, { target, headers })
    assert.equal((await show(secret)).status, 200)
    assert.equal(errorOf(await show({ ...secret, ...foreign })), '403 AccessDenied')
    const url = targetOf(textIn(made, 'url'))
    assert.equal((await askPlain(server.port, { target: url })).status, 200)
    const other = await askPlain(server.port, { target: url, headers: foreign })
    assert.equal(errorOf(other), '403 AccessDenied')
  })

  test('counts behind a thousand other headers', async () => {
    const many = Object.fromEntries(Array.from({ length: 1_005 }, (_, i) => [`x-${i}`, 'x']))
    const unsigned = { ...many, 'if-none-match': '*' }
    const answer = await ask({ method: 'PUT', target: '/bkt/precious', body: 'new', unsigned })
    assert.equal(codeOf(answer), 'PreconditionFailed')
    assert.equal(await textAt('/bkt/precious'), 'precious')
  })

  test('that S3 knows of other operations, or of none, is refused', async () => {
    const answer = await put('/bkt/precious', { 'x-amz-object-if-match': '"zz"' })
    assert.equal(codeOf(answer), 'NotImplemented')
    const made = await put('/not-there?metadataAnnotationTable', {}, '')
    assert.equal(codeOf(made), 'NotImplemented')
    assert.equal((await ask({ method: 'HEAD', target: '/not-there' })).status, 404)
  })

  test('of a copy names a version or none, but not the empty one', async () => {
    const headers = { 'x-amz-copy-source': 'bkt/o?versionId=' }
    assert.equal(codeOf(await put('/bkt/copy', headers, '')), 'InvalidArgument')
  })

  test('cannot stand in a trailer, where only checksums may', async () => {
    for (const name of ['content-md5', 'if-none-match', 'x-amz-acl', 'x-amz-meta-a']) {
      const answer = await ask({
        method: 'PUT',
        target: '/bkt/precious',
        payloadHash: 'STREAMING-UNSIGNED-PAYLOAD-TRAILER',
        headers: {
          'content-encoding': 'aws-chunked',
          'x-amz-decoded-content-length': '3',
          'x-amz-trailer': name,
        },
        body: `3\r\nnew\r\n0\r\n${name}:AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n`,
      })
      assert.equal(codeOf(answer), 'InvalidRequest', name)
    }
    assert.equal(await textAt('/bkt/precious'), 'precious')
  })

  test('of a document’s checksum is met, or refused where it cannot be', async () => {
    const body = '<Tagging><TagSet></TagSet></Tagging>'
    for (const [name, value] of [
      ['x-amz-checksum-sha512', 'junk'],
      ['x-amz-checksum-xxhash64', 'junk'],
      ['x-amz-checksum-crc32', ''],
      ['x-amz-checksum-crc32', 'AAAAAA=='],
    ] as const) {
      const answer = await put('/bkt/o?tagging', { [name]: value }, body)
      assert.equal(answer.status, 400, `${name}: ${value}`)
    }
    assert.equal((await put('/bkt/o?tagging', {}, body)).status, 200)
  })

  test('of metadata’s text is kept: what a reader would decode is encoded', async () => {
    const words = '=?UTF-8?Q?=3D=3FUTF-8=3FQ=3Fa=3F=3D?='
    await put('/bkt/words', { 'x-amz-meta-words': words })
    const { headers } = await ask({ method: 'HEAD', target: '/bkt/words' })
    assert.equal(decoded(headers.get('x-amz-meta-words')), '=?UTF-8?Q?a?=')
  })
})

/** One word in the Q encoding, as a mail reader has it. */
function decoded(word: string | undefined): string {
  const [, content = ''] = /^=\?UTF-8\?Q\?(.*)\?=$/.exec(word ?? '') ?? []
  return content
    .replaceAll('_', ' ')
    .replace(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
}
