// A real browser: what the page of another origin can send to a bucket and read of it, with rules and without.
import assert from 'node:assert'
import {
  CreateBucketCommand,
  GetObjectCommand,
  NoSuchKey,
  PutBucketCorsCommand,
  type S3Client,
} from '@aws-sdk/client-s3'
import { presignUrl } from '../../protocol/s3/sigv4/sign-request.ts'
import { SigningKeyCache } from '../../protocol/s3/sigv4/signing-keys.ts'
import { describe } from '../support/describe.ts'
import { makeTemporaryDirectory } from '../support/started-server.ts'
import { bodyOf, sdkFor } from './aws-sdk-client.ts'
import { BrowserPage, type PageSaw } from './browser-page.ts'
import { ClientServer, clientKey, clientRegion } from './client-server.ts'
import { describeWithClient } from './run-client.ts'

const signingKeys = new SigningKeyCache({ entriesMax: 10 })
/** Of `of a page`. */
const etag = '"ff30a48590ec90c154f1df61d55b332b"'
const nothing: PageSaw = { is: 'nothing' }

function presigned(
  server: ClientServer,
  method: string,
  path: string,
  query: Readonly<Record<string, string>> = {},
): string {
  const credentials = { ...clientKey, region: clientRegion }
  const url = { method, origin: server.endpoint, path, query, expiresSeconds: 600 }
  return presignUrl(url, { credentials, signingKeys, nowMs: Date.now() })
}

/** What the page could read: status, text, and one header. */
function read(saw: PageSaw | undefined, header: string): readonly unknown[] {
  assert.ok(saw?.is === 'reply', 'the page could read the answer')
  return [saw.status, saw.text, saw.headers[header]]
}

function refusalOf(saw: PageSaw | undefined): string {
  const [status, text] = read(saw, '')
  return `${status} ${/<Code>(\w+)</.exec(String(text))?.[1]}`
}

describeWithClient({ name: 'Chromium', probe: ['chromium', '--version'] }, () => {
  describe('a page in Chromium', (test) => {
    let server: ClientServer
    let sdk: S3Client
    let page: BrowserPage
    test.before(async () => {
      server = await ClientServer.start(2)
      sdk = sdkFor(server)
      page = await BrowserPage.open(server.folder)
    })
    test.after(async () => {
      await page.close()
      sdk.destroy()
      await server.close()
    })

    const url = (method: string, path: string, query: Readonly<Record<string, string>> = {}) =>
      presigned(server, method, path, query)
    const make = async (Bucket: string, rule?: Readonly<Record<string, readonly string[]>>) => {
      await sdk.send(new CreateBucketCommand({ Bucket }))
      if (rule === undefined) return
      const { AllowedMethods = [], ...others } = rule
      const CORSRules = [
        { AllowedOrigins: [page.origin], AllowedMethods: [...AllowedMethods], ...mutable(others) },
      ]
      await sdk.send(new PutBucketCorsCommand({ Bucket, CORSConfiguration: { CORSRules } }))
    }
    const textOf = async (Bucket: string, Key: string) =>
      String(await bodyOf(await sdk.send(new GetObjectCommand({ Bucket, Key }))))

    test('puts an object by a presigned URL, and reads the ETag that the rule exposes', async () => {
      const rule = { AllowedMethods: ['PUT'], AllowedHeaders: ['content-type'] }
      await make('exposed', { ...rule, ExposeHeaders: ['ETag'] })
      await make('hidden', rule)
      const put = { method: 'PUT', headers: { 'content-type': 'text/x-page' }, body: 'of a page' }
      const [exposed, hidden] = await page.send(
        ['exposed', 'hidden'].map((bucket) => ({ ...put, url: url('PUT', `/${bucket}/k`) })),
      )
      assert.deepStrictEqual(read(exposed, 'etag'), [200, '', etag])
      assert.deepStrictEqual(read(hidden, 'etag'), [200, '', undefined])
      assert.strictEqual(await textOf('exposed', 'k'), 'of a page')
    })

    test('does nothing to a bucket without a rule for it', async () => {
      await make('bare')
      await make('reads', { AllowedMethods: ['GET'] })
      const put = { method: 'PUT', headers: { 'content-type': 'text/x-page' }, body: 'x' }
      const seen = await page.send([
        { ...put, url: url('PUT', '/bare/k') },
        { ...put, url: url('PUT', '/reads/k') },
        { ...put, url: url('PUT', '/never-made/k') },
        { url: url('GET', '/bare', { 'list-type': '2' }) },
      ])
      assert.deepStrictEqual(seen, [nothing, nothing, nothing, nothing])
      for (const bucket of ['bare', 'reads']) await assert.rejects(textOf(bucket, 'k'), NoSuchKey)
    })

    test('reads ranges, zips, and why it is refused', async () => {
      const rule = { AllowedMethods: ['GET', 'PUT', 'POST'], AllowedHeaders: ['*'] }
      await make('readable', { ...rule, ExposeHeaders: ['Content-Range'] })
      const get = (path: string, query = {}) => ({ url: url('GET', path, query) })
      const wrong = get('/readable/folder/a')
      const [, range, zip, none, signature, form] = await page.send([
        { method: 'PUT', url: url('PUT', '/readable/folder/a'), body: 'content' },
        { ...get('/readable/folder/a'), headers: { range: 'bytes=1-2' } },
        get('/readable/folder/', { zip: '' }),
        get('/readable/none'),
        { url: wrong.url.replace('folder/a', 'folder/b') },
        { method: 'POST', url: `${server.endpoint}/readable`, body: { key: 'k', file: 'x' } },
      ])
      assert.deepStrictEqual(read(range, 'content-range'), [206, 'on', 'bytes 1-2/7'])
      assert.match(String(read(zip, '')[1]), /^PK/)
      assert.strictEqual(refusalOf(none), '404 NoSuchKey')
      assert.strictEqual(refusalOf(signature), '403 SignatureDoesNotMatch')
      assert.strictEqual(refusalOf(form), '403 AccessDenied')
    })
  })

  describe('a page in Chromium whose origin the server allows', (test) => {
    const { path: folder, remove } = makeTemporaryDirectory()
    let page: BrowserPage
    let server: ClientServer
    let sdk: S3Client
    test.before(async () => {
      page = await BrowserPage.open(folder)
      server = await ClientServer.start(1, { argv: ['--cors-allow-origin', page.origin] })
      sdk = sdkFor(server)
    })
    test.after(async () => {
      await page.close()
      remove()
      sdk.destroy()
      await server.close()
    })

    test('uses buckets without rules, lists buckets, and calls our own routes', async () => {
      await sdk.send(new CreateBucketCommand({ Bucket: 'bare' }))
      const headers = { 'content-type': 'text/x-page' }
      const [put, buckets, bundles, refused] = await page.send([
        { method: 'PUT', url: presigned(server, 'PUT', '/bare/k'), headers, body: 'of a page' },
        { url: presigned(server, 'GET', '/') },
        { url: presigned(server, 'GET', '/-/bundles') },
        { method: 'POST', url: `${server.endpoint}/-/bundles`, headers, body: '{}' },
      ])
      assert.deepStrictEqual(read(put, 'etag'), [200, '', etag])
      assert.match(String(read(buckets, '')[1]), /<Name>bare</)
      assert.strictEqual(read(bundles, '')[0], 200)
      assert.strictEqual(read(refused, '')[0], 403)
    })
  })
})

function mutable(lists: Readonly<Record<string, readonly string[]>>): Record<string, string[]> {
  return Object.fromEntries(Object.entries(lists).map(([name, list]) => [name, [...list]]))
}
