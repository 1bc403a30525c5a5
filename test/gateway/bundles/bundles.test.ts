// Bundles over HTTP, on the real engines; archives are read by Python.
import assert from 'node:assert'
import { describe } from '../../support/describe.ts'
import {
  askPlain,
  askSigned,
  errorOf,
  type Json,
  jsonOf,
  targetOf,
  textIn,
} from '../../support/own-routes-client.ts'
import { namesIn, readZip } from '../../support/python-zip.ts'
import type { RawResponse } from '../../support/raw-connection.ts'
import { RunningServer } from '../../support/start-server.ts'
import { exchange } from '../../support/wire-request.ts'

let server: RunningServer

async function put(key: string, body: Buffer | string = key, bucket = 'files'): Promise<void> {
  const target = `/${bucket}/${encodeURIComponent(key)}`
  assert.equal((await exchange(server.port, { method: 'PUT', target, body })).status, 200)
}

async function remove(key: string): Promise<void> {
  const target = `/files/${encodeURIComponent(key)}`
  assert.equal((await exchange(server.port, { method: 'DELETE', target })).status, 204)
}

function ask(json: unknown, target = '/-/bundles'): Promise<RawResponse> {
  return askSigned(server.port, { method: 'POST', target, json })
}

async function make(entries: readonly unknown[], more: object = {}): Promise<Json> {
  return jsonOf(await ask({ bucket: 'files', entries, ...more }), 201)
}

function download(
  bundle: Json,
  headers: Readonly<Record<string, string>> = {},
  method = 'GET',
): Promise<RawResponse> {
  return askPlain(server.port, { method, target: targetOf(textIn(bundle, 'url')), headers })
}

async function archiveOf(bundle: Json): Promise<Buffer> {
  const response = await download(bundle)
  assert.equal(response.status, 200, response.body.toString())
  return response.body
}

function pathOf(bundle: Json): string {
  return `/-/bundles/${textIn(bundle, 'id')}`
}

function withSecret(bundle: Json): Record<string, string> {
  return { 'x-holdfast-bundle-secret': textIn(bundle, 'secret') }
}

async function refusal(entries: readonly unknown[], more: object = {}): Promise<string> {
  return errorOf(await ask({ bucket: 'files', entries, ...more }))
}

async function startWithFiles(): Promise<void> {
  server = await RunningServer.start()
  assert.equal((await exchange(server.port, { method: 'PUT', target: '/files' })).status, 200)
  const keys = ['a.txt', 'docs/1.md', 'docs/2.md', 'docs/deep/3.md', 'docs/deep/4.txt', 'ü/ö.txt']
  for (const key of keys) await put(key)
  await put('empty', '')
  await put('folder/', '')
  await put('large', Buffer.alloc(5_000_000, 'large'))
}

async function stop(): Promise<void> {
  server.assertNoFailure()
  await server.stop()
}

describe('bundles: what they hold', (test) => {
  test.before(startWithFiles)
  test.after(stop)

  test('keys, prefixes and globs stand in the order asked for, under the names asked for', async () => {
    const bundle = await make([
      { key: 'large', name: 'first/large.bin' },
      { prefix: 'docs/deep/' },
      { prefix: 'docs/d', name: 'again/' },
      { glob: 'docs/*.md', name: 'globbed/' },
      { key: 'ü/ö.txt' },
      { key: 'empty' },
      { key: 'folder/' },
    ])
    const archive = await archiveOf(bundle)
    assert.deepStrictEqual(namesIn(archive), [
      'first/large.bin',
      '3.md',
      '4.txt',
      'again/deep/3.md',
      'again/deep/4.txt',
      'globbed/docs/1.md',
      'globbed/docs/2.md',
      'ü/ö.txt',
      'empty',
      'folder/',
    ])
    const [, three] = readZip(archive)
    assert.deepStrictEqual(three, ['3.md', 'docs/deep/3.md'])
    assert.equal(bundle.entries, 10)
    assert.equal(bundle.bytes, archive.length)
  })

  test('a double star reaches into folders and a single one does not', async () => {
    const names = async (glob: string) => namesIn(await archiveOf(await make([{ glob }])))
    assert.deepStrictEqual(await names('docs/**/*.md'), [
      'docs/1.md',
      'docs/2.md',
      'docs/deep/3.md',
    ])
    assert.deepStrictEqual(await names('docs/**'), [
      'docs/1.md',
      'docs/2.md',
      'docs/deep/3.md',
      'docs/deep/4.txt',
    ])
    assert.deepStrictEqual(await names('?.txt'), ['a.txt'])
    assert.deepStrictEqual(await names('nothing*'), [])
  })

  test('hostile names are written so that they stay in the folder they are extracted to', async () => {
    const bundle = await make([
      { key: 'a.txt', name: '../../etc/passwd' },
      { key: 'a.txt', name: '/absolute' },
      { key: 'a.txt', name: 'C:\\windows' },
      { key: 'a.txt', name: 'nul\u0000byte' },
    ])
    assert.deepStrictEqual(namesIn(await archiveOf(bundle)), [
      '.%2E/.%2E/etc/passwd',
      '%_/absolute',
      'C%3A%5Cwindows',
      'nul%00byte',
    ])
  })

  test('a file where a folder has to be gets a name of its own', async () => {
    const bundle = await make([
      { key: 'a.txt', name: 'docs' },
      { prefix: 'docs/', name: 'docs/' },
    ])
    assert.equal(namesIn(await archiveOf(bundle))[0], 'docs%~')
  })

  test('names that come twice are refused, and nothing is left behind', async () => {
    assert.equal(await refusal([{ key: 'a.txt' }, { key: 'a.txt' }]), '409 DuplicateEntryName')
    const overlapping = [{ glob: 'docs/*.md' }, { prefix: 'docs/', name: 'docs/' }]
    assert.equal(await refusal(overlapping), '409 DuplicateEntryName')
    const differing = [
      { key: 'a.txt', name: 'A' },
      { key: 'a.txt', name: 'a' },
    ]
    assert.deepStrictEqual(namesIn(await archiveOf(await make(differing))), ['A', 'a'])
    const onWindows = await make(differing, { options: { windows: true } })
    assert.deepStrictEqual(namesIn(await archiveOf(onWindows)), ['%41', 'a'])
  })

  test('what is missing is told by its key', async () => {
    assert.equal(await refusal([{ key: 'not there' }]), '404 NoSuchKey')
    const versionId = '0'.repeat(32)
    assert.equal(await refusal([{ key: 'a.txt', versionId }]), '404 NoSuchVersion')
    assert.equal(await refusal([], { bucket: 'not-there' }), '404 NoSuchBucket')
  })

  test('a bundle of nothing is a valid empty zip', async () => {
    assert.deepStrictEqual(namesIn(await archiveOf(await make([]))), [])
  })

  test('malformed requests are refused by the name of what is wrong', async () => {
    assert.equal(errorOf(await ask('{')), '400 MalformedJSON')
    assert.equal(errorOf(await ask([])), '400 MalformedJSON')
    assert.equal(await refusal([{ key: 'a', prefix: 'b' }]), '400 MalformedJSON')
    assert.equal(await refusal([{}]), '400 MalformedJSON')
    assert.equal(await refusal([{ key: 'a.txt', colour: 'red' }]), '400 MalformedJSON')
    assert.equal(await refusal([{ key: 7 }]), '400 MalformedJSON')
    assert.equal(await refusal([{ key: '\ud800' }]), '400 MalformedJSON')
    assert.equal(await refusal([{ key: 'a'.repeat(1025) }]), '400 InvalidArgument')
    assert.equal(await refusal([{ glob: '*'.repeat(34) }]), '400 InvalidArgument')
    assert.equal(await refusal([], { expiresInSeconds: 0 }), '400 MalformedJSON')
    assert.equal(await refusal([], { expiresInSeconds: 10 ** 9 }), '400 MalformedJSON')
  })

  test('a version is named by its id, and stays when it is no longer the current one', async () => {
    const bucket = 'versioned'
    await exchange(server.port, { method: 'PUT', target: `/${bucket}` })
    const body = '<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>'
    await exchange(server.port, { method: 'PUT', target: `/${bucket}?versioning`, body })
    await put('k', 'old', bucket)
    const head = await exchange(server.port, { method: 'HEAD', target: `/${bucket}/k` })
    const versionId = head.headers.get('x-amz-version-id')
    await put('k', 'new', bucket)
    const entries = [{ key: 'k', versionId, name: 'old' }, { key: 'k' }]
    const bundle = jsonOf(await ask({ bucket, entries }), 201)
    assert.deepStrictEqual(readZip(await archiveOf(bundle)), [
      ['old', 'old'],
      ['k', 'new'],
    ])
  })
})

describe('bundles: download', (test) => {
  test.before(startWithFiles)
  test.after(stop)

  test('needs no signature, and has length, ETag, ranges and a file name', async () => {
    const bundle = await make([{ key: 'large' }], { fileName: 'für Dich' })
    assert.match(textIn(bundle, 'url'), /\/f%C3%BCr%20Dich\.zip\?token=[\w-]{43}$/)
    const whole = await download(bundle)
    assert.equal(whole.headers.get('content-length'), String(bundle.bytes))
    assert.equal(whole.headers.get('etag'), `"${textIn(bundle, 'etag')}"`)
    assert.match(
      whole.headers.get('content-disposition') ?? '',
      /filename\*=UTF-8''f%C3%BCr%20Dich\.zip/,
    )
    const head = await download(bundle, {}, 'HEAD')
    assert.equal(head.headers.get('content-length'), String(bundle.bytes))
    const range = await download(bundle, { range: 'bytes=1000-2999' })
    assert.equal(range.status, 206)
    assert.deepStrictEqual(range.body, whole.body.subarray(1000, 3000))
    const known = await download(bundle, { 'if-none-match': `"${textIn(bundle, 'etag')}"` })
    assert.equal(known.status, 304)
    const outside = await download(bundle, { range: 'bytes=99999999-' })
    assert.equal(errorOf(outside), '416 InvalidRange')
  })

  test('without the token there is nothing, also for whoever has the secret', async () => {
    const bundle = await make([{ key: 'a.txt' }])
    const target = targetOf(textIn(bundle, 'url'))
    const path = target.slice(0, target.indexOf('?'))
    const tokens = ['', '?token=', '?token=x', `?token=${textIn(bundle, 'secret')}`]
    for (const query of tokens) {
      const response = await askPlain(server.port, { target: `${path}${query}` })
      assert.equal(errorOf(response), '403 AccessDenied')
    }
    const unknown = path.replace(textIn(bundle, 'id'), '0'.repeat(32))
    assert.equal(errorOf(await askPlain(server.port, { target: unknown })), '404 NoSuchBundle')
    assert.equal(
      errorOf(await askPlain(server.port, { target: '/-/bundles/x/y' })),
      '404 NoSuchBundle',
    )
  })

  test('gives the frozen bytes when everything was overwritten or deleted since', async () => {
    await put('fleeting/large', Buffer.alloc(6_000_000, 'frozen'))
    await put('fleeting/small', 'frozen')
    const bundle = await make([{ prefix: 'fleeting/' }])
    const before = await archiveOf(bundle)
    await put('fleeting/large', 'new')
    await remove('fleeting/small')
    await remove('fleeting/large')
    await server.kept()
    assert.deepStrictEqual(await archiveOf(bundle), before)
    const deleted = await askSigned(server.port, { method: 'DELETE', target: pathOf(bundle) })
    assert.equal(deleted.status, 204)
  })

  test('ends with 410 when the bundle has expired', async () => {
    const bundle = await make([{ key: 'a.txt' }], { expiresInSeconds: 1 })
    let response = await download(bundle)
    while (response.status === 200) response = await download(bundle)
    assert.equal(errorOf(response), '410 BundleExpired')
    const shown = await askPlain(server.port, {
      target: pathOf(bundle),
      headers: withSecret(bundle),
    })
    assert.equal(jsonOf(shown, 200).expired, true)
  })

  test('takes no headers from the URL', async () => {
    const bundle = await make([{ key: 'a.txt' }])
    const target = `${targetOf(textIn(bundle, 'url'))}&response-content-type=text%2Fhtml`
    const response = await askPlain(server.port, { target })
    assert.equal(response.headers.get('content-type'), 'application/zip')
  })

  test('at once: the answer to the request is the zip itself', async () => {
    const json = { bucket: 'files', entries: [{ prefix: 'docs/' }], fileName: 'docs.zip' }
    const response = await ask(json, '/-/bundles?download')
    assert.equal(response.status, 200)
    assert.equal(response.headers.get('content-type'), 'application/zip')
    assert.deepStrictEqual(namesIn(response.body), ['1.md', '2.md', 'deep/3.md', 'deep/4.txt'])
  })
})

describe('bundles: showing and changing', (test) => {
  test.before(startWithFiles)
  test.after(stop)

  test('whoever has the secret adds entries, and the bytes before them stay', async () => {
    const bundle = await make([{ key: 'a.txt' }])
    const before = await archiveOf(bundle)
    const appended = await askPlain(server.port, {
      method: 'POST',
      target: `${pathOf(bundle)}/entries`,
      headers: withSecret(bundle),
      json: { entries: [{ prefix: 'docs/deep/' }] },
    })
    const state = jsonOf(appended, 200)
    assert.equal(state.entries, 3)
    assert.notEqual(state.etag, bundle.etag)
    assert.equal('secret' in state || 'url' in state, false)
    const after = await archiveOf(bundle)
    assert.deepStrictEqual(namesIn(after), ['a.txt', '3.md', '4.txt'])
    // A download that began before goes on with what it had.
    const headers = { range: 'bytes=10-', 'if-range': `"${textIn(bundle, 'etag')}"` }
    const resumed = await download(bundle, headers)
    assert.equal(resumed.status, 206)
    assert.deepStrictEqual(resumed.body, before.subarray(10))
    const clash = await askPlain(server.port, {
      method: 'POST',
      target: `${pathOf(bundle)}/entries`,
      headers: withSecret(bundle),
      json: { entries: [{ key: 'large', name: '3.md' }] },
    })
    assert.equal(errorOf(clash), '409 DuplicateEntryName')
    assert.deepStrictEqual(await archiveOf(bundle), after)
  })

  test('entries that were there before keep their bytes when they were deleted since', async () => {
    await put('going', Buffer.alloc(2_000_000, 'going'))
    const bundle = await make([{ key: 'going' }])
    await remove('going')
    const target = `${pathOf(bundle)}/entries`
    const json = { entries: [{ key: 'a.txt' }] }
    assert.equal((await ask(json, target)).status, 200)
    await server.kept()
    const [[name, content = ''] = []] = readZip(await archiveOf(bundle))
    assert.deepStrictEqual([name, content.length], ['going', 2_000_000])
  })

  test('without secret or signature nothing is shown or changed', async () => {
    const bundle = await make([{ key: 'a.txt' }])
    const wrong = { 'x-holdfast-bundle-secret': 'x'.repeat(43) }
    const requests = [
      { target: pathOf(bundle) },
      { target: pathOf(bundle), headers: wrong },
      { target: pathOf(bundle), method: 'DELETE' },
      { target: `${pathOf(bundle)}/entries`, method: 'POST', json: { entries: [] } },
      { target: '/-/bundles' },
      { target: '/-/bundles', method: 'POST', json: { bucket: 'files', entries: [] } },
    ]
    for (const request of requests) {
      assert.equal(errorOf(await askPlain(server.port, request)), '403 AccessDenied')
    }
    assert.equal((await download(bundle)).status, 200)
  })

  test('it is shown to signer and secret, listed, and gone once it is deleted', async () => {
    const bundle = await make([{ key: 'a.txt' }], { fileName: 'mine.zip' })
    const target = pathOf(bundle)
    const signed = jsonOf(await askSigned(server.port, { target }), 200)
    const bySecret = jsonOf(
      await askPlain(server.port, { target, headers: withSecret(bundle) }),
      200,
    )
    assert.deepStrictEqual(signed, bySecret)
    assert.equal(signed.fileName, 'mine.zip')
    assert.equal('secret' in signed || 'url' in signed, false)
    const listed = await askSigned(server.port, { target: '/-/bundles' })
    assert.match(listed.body.toString(), new RegExp(textIn(bundle, 'id')))
    assert.doesNotMatch(listed.body.toString(), /token|secret/)
    const deleted = await askPlain(server.port, {
      method: 'DELETE',
      target,
      headers: withSecret(bundle),
    })
    assert.equal(deleted.status, 204)
    assert.equal(errorOf(await download(bundle)), '404 NoSuchBundle')
  })

  test('what is no route answers 405 in JSON', async () => {
    assert.equal(
      errorOf(await askSigned(server.port, { target: '/-/nothing' })),
      '405 MethodNotAllowed',
    )
    const put = { method: 'PUT', target: '/-/bundles' }
    assert.equal(errorOf(await askSigned(server.port, put)), '405 MethodNotAllowed')
  })
})
